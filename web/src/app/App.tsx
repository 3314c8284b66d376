import { Center, Loader, MantineProvider } from "@mantine/core";
import type { Client } from "@urql/core";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Provider } from "urql";
import { Redirect, Route, Switch } from "wouter";
import { cssVariables, theme } from "../theme/theme";
import { SignedIn } from "./session";
import { Toasts } from "./toasts";

const SignInPage = lazy(() => import("../pages/SignInPage").then((module) => ({ default: module.SignInPage })));
const ProjectsPage = lazy(() => import("../pages/ProjectsPage").then((module) => ({ default: module.ProjectsPage })));
const ProjectPage = lazy(() => import("../pages/ProjectPage").then((module) => ({ default: module.ProjectPage })));
const SettingsPage = lazy(() => import("../pages/SettingsPage").then((module) => ({ default: module.SettingsPage })));
const importSlidePage = () => import("../panels/SlidePage");
const SlidePage = lazy(() => importSlidePage().then((module) => ({ default: module.SlidePage })));
// The largest page is fetched while the session is still asked for.
if (location.pathname.startsWith("/s/")) void importSlidePage();

export function App({ client }: { readonly client: Client }) {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="dark">
      <Provider value={client}>
        <Suspense fallback={<Waiting />}>
          <Switch>
            <Route path="/sign-in" component={SignInPage} />
            <Route>
              <SignedIn>
                <Pages />
              </SignedIn>
            </Route>
          </Switch>
        </Suspense>
        <Toasts />
      </Provider>
    </MantineProvider>
  );
}

function Pages() {
  return (
    <Switch>
      <Route path="/" component={ProjectsPage} />
      <Route path="/p/:projectId">{({ projectId }) => <ProjectPage key={projectId} projectId={projectId} />}</Route>
      <Route path="/s/:slideId">{({ slideId }) => <SlidePage key={slideId} slideId={slideId} />}</Route>
      <Route path="/settings" component={SettingsPage} />
      <Route>
        <Redirect to="/" replace />
      </Route>
    </Switch>
  );
}

function Waiting() {
  const { t } = useTranslation();
  return (
    <Center h="100%">
      <Loader aria-label={t("common.loading")} />
    </Center>
  );
}
