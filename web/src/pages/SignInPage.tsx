import { Anchor, Button, Divider, PasswordInput, TextInput } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { useSearch } from "wouter";
import { type Credentials, register, signIn } from "../app/accounts";
import { FailureNote, fieldError } from "../app/FailureNote";
import { type Failure, failureOf } from "../app/failure";
import { LanguageSwitch } from "../app/LanguageSwitch";
import { nextPath } from "../app/paths";
import { ServerDocument } from "../gql/graphql";
import { currentLanguage } from "../i18n";
import mark from "../theme/mark.svg";
import { ProviderButton } from "./ProviderButton";
import styles from "./SignInPage.module.css";
import { TissueArt } from "./TissueArt";

type Mode = "sign-in" | "register";

export function SignInPage() {
  const { t } = useTranslation();
  const search = useSearch();
  const [{ data }] = useQuery({ query: ServerDocument });
  const [mode, setMode] = useState<Mode>("sign-in");
  const server = data?.server;
  const providers = server?.authProviders ?? [];
  const next = nextPath(search);

  return (
    <div className={styles.page}>
      <aside className={styles.art} aria-hidden>
        <TissueArt />
        <div className={styles.pitch}>
          <p className={styles.lead}>{t("signIn.lead")}</p>
          <ul>
            {([1, 2, 3] as const).map((point) => (
              <li key={point}>
                <IconCheck size={16} /> {t(`signIn.point${point}`)}
              </li>
            ))}
          </ul>
        </div>
      </aside>
      <main className={styles.side}>
        <div className={styles.top}>
          <span className={styles.brand}>
            <img src={mark} width={26} height={26} alt="" /> Coslide
          </span>
          <LanguageSwitch />
        </div>
        <div className={styles.card}>
          <h1>{mode === "sign-in" ? t("signIn.title") : t("signIn.registerTitle")}</h1>
          <AccountForm key={mode} mode={mode} next={next} arrival={arrivalFailure(search)} />
          {providers.length > 0 && (
            <>
              <Divider my="lg" label={t("signIn.or")} labelPosition="center" />
              <div className={styles.providers}>
                {providers.map((provider) => (
                  <ProviderButton key={provider.name} provider={provider} next={next} />
                ))}
              </div>
            </>
          )}
          <p className={styles.swap}>
            {server?.registrationOpen === false
              ? t("signIn.closed")
              : mode === "sign-in"
                ? t("signIn.toRegister")
                : t("signIn.toSignIn")}{" "}
            {server?.registrationOpen !== false && (
              <Anchor
                component="button"
                type="button"
                size="sm"
                fw={600}
                onClick={() => setMode(mode === "sign-in" ? "register" : "sign-in")}
              >
                {mode === "sign-in" ? t("signIn.register") : t("signIn.submit")}
              </Anchor>
            )}
          </p>
        </div>
        <p className={styles.foot}>
          {t("signIn.research")} {server && <span>Coslide {server.version}</span>}
        </p>
      </main>
    </div>
  );
}

/** What the server tells by redirecting here, such as a link that was used before. */
function arrivalFailure(search: string): Failure | null {
  const code = new URLSearchParams(search).get("error");
  return code && /^[A-Z_]+$/.test(code) ? { code, message: "" } : null;
}

interface FormProps {
  readonly mode: Mode;
  readonly next: string;
  readonly arrival: Failure | null;
}

function AccountForm({ mode, next, arrival }: FormProps) {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(arrival);
  const fields = mode === "register" ? ["email", "name", "password"] : ["email", "password"];

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "");
    const credentials: Credentials = { email: text("email").trim(), password: text("password") };
    setBusy(true);
    setFailure(null);
    try {
      if (mode === "sign-in") await signIn(credentials);
      else await register({ ...credentials, name: text("name").trim(), locale: currentLanguage() });
      // A whole new page: nothing of a stranger's state goes along.
      window.location.assign(next);
    } catch (error) {
      setFailure(failureOf(error));
      setBusy(false);
    }
  };

  return (
    <form onSubmit={submit} className={styles.form}>
      <FailureNote failure={failure} except={fields} />
      <TextInput
        name="email"
        type="email"
        label={t("signIn.email")}
        autoComplete="username"
        required
        withAsterisk={false}
        autoFocus
        error={fieldError(failure, "email")}
        errorProps={{ role: "alert" }}
      />
      {mode === "register" && (
        <TextInput
          name="name"
          label={t("signIn.name")}
          description={t("signIn.nameHint")}
          autoComplete="name"
          required
          withAsterisk={false}
          maxLength={120}
          error={fieldError(failure, "name")}
          errorProps={{ role: "alert" }}
        />
      )}
      <PasswordInput
        name="password"
        label={t("signIn.password")}
        description={mode === "register" ? t("signIn.passwordHint") : undefined}
        autoComplete={mode === "register" ? "new-password" : "current-password"}
        required
        withAsterisk={false}
        error={fieldError(failure, "password")}
        errorProps={{ role: "alert" }}
      />
      <Button type="submit" loading={busy} fullWidth size="md" mt={4}>
        {mode === "register" ? t("signIn.register") : t("signIn.submit")}
      </Button>
    </form>
  );
}
