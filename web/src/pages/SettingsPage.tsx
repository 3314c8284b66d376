import { Button, PasswordInput, Select, Skeleton, TextInput, useMantineColorScheme } from "@mantine/core";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { AppBar } from "../app/AppBar";
import { Avatar } from "../app/Avatar";
import { FailureNote, fieldError } from "../app/FailureNote";
import { failureOf } from "../app/failure";
import { HOME } from "../app/paths";
import { Refusal } from "../app/Refusal";
import { useAction } from "../app/requests";
import { useSession } from "../app/session";
import { showToast } from "../app/toasts";
import { SettingsDocument, type SettingsQuery, UpdateMeDocument } from "../gql/graphql";
import { isLanguage, LANGUAGE_NAMES, LANGUAGES, setLanguage } from "../i18n";
import page from "./ProjectsPage.module.css";
import { SessionList } from "./SessionList";
import styles from "./SettingsPage.module.css";
import { TokenList } from "./TokenList";

type Me = NonNullable<SettingsQuery["me"]>;

/** One's own account. */
export function SettingsPage() {
  const { t } = useTranslation();
  const [{ data, error }, reload] = useQuery({ query: SettingsDocument, requestPolicy: "cache-and-network" });
  const refresh = () => reload({ requestPolicy: "network-only" });
  const me = data?.me;
  return (
    <div className={page.page}>
      <title>{`${t("settings.title")} · Coslide`}</title>
      <AppBar crumbs={[{ label: t("projects.title"), href: HOME }, { label: t("settings.title") }]} />
      <main className={styles.main}>
        <h1>{t("settings.title")}</h1>
        {error && !me && <Refusal title={t("settings.title")} failure={failureOf(error)} onRetry={refresh} />}
        {!error && !me && <Skeleton height={420} radius="xl" />}
        {me && (
          <>
            <Profile me={me} onChanged={refresh} />
            <Password />
            <Section title={t("settings.tokens")} lead={t("settings.tokensText")}>
              <TokenList tokens={me.apiTokens} onChanged={refresh} />
            </Section>
            <Section title={t("settings.sessions")}>
              <SessionList sessions={me.sessions} onChanged={refresh} />
            </Section>
          </>
        )}
      </main>
    </div>
  );
}

interface SectionProps {
  readonly title: string;
  readonly lead?: string;
  readonly children: ReactNode;
}

function Section({ title, lead, children }: SectionProps) {
  const id = useId();
  return (
    <section className={styles.section} aria-labelledby={id}>
      <div className={styles.about}>
        <h2 id={id}>{title}</h2>
        {lead && <p>{lead}</p>}
      </div>
      <div className={styles.content}>{children}</div>
    </section>
  );
}

interface ProfileProps {
  readonly me: Me;
  readonly onChanged: () => void;
}

function Profile({ me, onChanged }: ProfileProps) {
  const { t } = useTranslation();
  const session = useSession();
  const { run, busy, failure } = useAction(UpdateMeDocument);
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [name, setName] = useState(me.user.name);
  const saved = () => {
    showToast(t("settings.saved"));
    session.reload();
    onChanged();
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (await run({ name: name.trim() })) saved();
  };
  const chooseLanguage = async (language: string | null) => {
    if (!isLanguage(language)) return;
    await setLanguage(language);
    if (await run({ locale: language })) saved();
  };
  return (
    <Section title={t("settings.profile")}>
      <form onSubmit={submit} className={styles.nameRow}>
        <Avatar person={me.user} size={40} />
        <TextInput
          label={t("settings.name")}
          required
          withAsterisk={false}
          maxLength={120}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={fieldError(failure, "name")}
        />
        <Button type="submit" variant="default" loading={busy} disabled={!name.trim() || name.trim() === me.user.name}>
          {t("common.save")}
        </Button>
      </form>
      <TextInput label={t("settings.email")} value={me.email ?? ""} readOnly variant="filled" />
      <div className={styles.pair}>
        <Select
          label={t("settings.language")}
          data={LANGUAGES.map((language) => ({ value: language, label: LANGUAGE_NAMES[language] }))}
          value={me.locale}
          allowDeselect={false}
          onChange={chooseLanguage}
        />
        <Select
          label={t("settings.theme")}
          data={(["dark", "light", "auto"] as const).map((scheme) => ({ value: scheme, label: t(`theme.${scheme}`) }))}
          value={colorScheme}
          allowDeselect={false}
          onChange={(scheme) => scheme && setColorScheme(scheme as "dark" | "light" | "auto")}
        />
      </div>
      <FailureNote failure={failure} except={["name"]} />
    </Section>
  );
}

function Password() {
  const { t } = useTranslation();
  const { run, busy, failure } = useAction(UpdateMeDocument);
  const [current, setCurrent] = useState("");
  const [wanted, setWanted] = useState("");
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!(await run({ password: wanted, currentPassword: current || null }))) return;
    setCurrent("");
    setWanted("");
    showToast(t("settings.passwordChanged"));
  };
  return (
    <Section title={t("settings.password")} lead={t("settings.passwordText")}>
      <form onSubmit={submit} className={styles.stack}>
        <PasswordInput
          label={t("settings.currentPassword")}
          autoComplete="current-password"
          value={current}
          onChange={(event) => setCurrent(event.currentTarget.value)}
          error={fieldError(failure, "currentPassword")}
        />
        <PasswordInput
          label={t("settings.newPassword")}
          description={t("signIn.passwordHint")}
          autoComplete="new-password"
          required
          withAsterisk={false}
          value={wanted}
          onChange={(event) => setWanted(event.currentTarget.value)}
          error={fieldError(failure, "password")}
        />
        <FailureNote failure={failure} except={["currentPassword", "password"]} />
        <Button type="submit" variant="default" loading={busy} disabled={!wanted} className={styles.start}>
          {t("settings.changePassword")}
        </Button>
      </form>
    </Section>
  );
}
