/** Who is signed in. Everything below `SignedIn` may count on it. */
import { Center, Loader } from "@mantine/core";
import { createContext, type ReactNode, useContext, useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { useLocation } from "wouter";
import { MeDocument, type MeQuery } from "../gql/graphql";
import { isLanguage, setLanguage } from "../i18n";
import { signOut } from "./accounts";
import { failureOf } from "./failure";
import { signInPath } from "./paths";
import { Refusal } from "./Refusal";

type Me = NonNullable<MeQuery["me"]>;

interface Session {
  readonly me: Me;
  readonly reload: () => void;
}

const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("useSession is only for pages inside <SignedIn>");
  return session;
}

/** Shows its children to people who are signed in, and the sign-in page to everyone else. */
export function SignedIn({ children }: { readonly children: ReactNode }) {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const [{ data, error, fetching }, reload] = useQuery({ query: MeDocument, requestPolicy: "network-only" });
  const me = data?.me;
  const stranger = (data && !me) || (error && failureOf(error).code === "NOT_SIGNED_IN");

  useEffect(() => {
    if (stranger) navigate(signInPath(window.location), { replace: true });
  }, [stranger, navigate]);

  const locale = me?.locale;
  useEffect(() => {
    if (isLanguage(locale)) void setLanguage(locale);
  }, [locale]);

  const session = useMemo(() => me && { me, reload: () => reload({ requestPolicy: "network-only" }) }, [me, reload]);
  if (session) return <SessionContext value={session}>{children}</SessionContext>;
  if (error && !stranger && !fetching) {
    return <Refusal title={t("signIn.offline")} failure={failureOf(error)} onRetry={() => reload()} />;
  }
  return (
    <Center h="100%">
      <Loader aria-label={t("common.loading")} />
    </Center>
  );
}

/** Ends the session and leaves nothing of it in memory: the page is loaded anew. */
export async function endSession(): Promise<void> {
  await signOut();
  window.location.assign("/sign-in");
}
