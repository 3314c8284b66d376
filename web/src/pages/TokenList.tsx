import { Button, Checkbox, CopyButton, Group, Modal, Select, Text, TextInput } from "@mantine/core";
import { IconCheck, IconCopy, IconKey, IconPlus } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { ConfirmDialog } from "../app/ConfirmDialog";
import { FailureNote, fieldError } from "../app/FailureNote";
import { useAction } from "../app/requests";
import { CreateApiTokenDocument, RevokeApiTokenDocument, type SettingsQuery } from "../gql/graphql";
import type { Translate } from "../i18n";
import { formatAgo, formatDate } from "../i18n/format";
import styles from "./SettingsPage.module.css";

type Token = NonNullable<SettingsQuery["me"]>["apiTokens"][number];

interface Props {
  readonly tokens: readonly Token[];
  readonly onChanged: () => void;
}

/** The API tokens of one's account: made, seen once, revoked. */
export function TokenList({ tokens, onChanged }: Props) {
  const { t } = useTranslation();
  const revocation = useAction(RevokeApiTokenDocument);
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<Token | null>(null);
  const revoke = async (token: Token) => {
    if (!(await revocation.run({ id: token.id }))) return;
    setRevoking(null);
    onChanged();
  };
  return (
    <>
      {tokens.length > 0 ? (
        <ul className={styles.list}>
          {tokens.map((token) => (
            <li key={token.id} className={styles.row}>
              <IconKey size={18} aria-hidden />
              <span className={styles.grow}>
                <strong>{token.name}</strong>
                <span>{factsOf(token, t)}</span>
              </span>
              <Button
                variant="subtle"
                color="gray"
                size="xs"
                aria-label={t("settings.revokeToken", { name: token.name })}
                onClick={() => setRevoking(token)}
              >
                {t("settings.revoke")}
              </Button>
            </li>
          ))}
        </ul>
      ) : (
        <Text c="dimmed">{t("settings.noTokens")}</Text>
      )}
      <Button
        variant="default"
        className={styles.start}
        leftSection={<IconPlus size={16} />}
        onClick={() => setMaking(true)}
      >
        {t("settings.newToken")}
      </Button>
      {making && (
        <NewToken
          onClose={() => {
            setMaking(false);
            onChanged();
          }}
        />
      )}
      {revoking && (
        <ConfirmDialog
          title={t("settings.revokeTitle", { name: revoking.name })}
          text={t("settings.revokeText")}
          verb={t("settings.revoke")}
          busy={revocation.busy}
          failure={revocation.failure}
          onConfirm={() => revoke(revoking)}
          onClose={() => setRevoking(null)}
        />
      )}
    </>
  );
}

function factsOf(token: Token, t: Translate): string {
  const scopes = token.scopes.map((scope) => (isScope(scope) ? t(`settings.scope.${scope}`) : scope)).join(", ");
  const used = token.lastUsedAt
    ? t("settings.lastUsed", { ago: formatAgo(token.lastUsedAt) })
    : t("settings.neverUsed");
  const ends = token.expiresAt
    ? t("settings.endsOn", { date: formatDate(token.expiresAt) })
    : t("settings.expiresNever");
  return [`${token.prefix}…`, scopes, used, ends].join(" · ");
}

const SCOPES = ["read", "write", "predict"] as const;
type Scope = (typeof SCOPES)[number];
const isScope = (value: string): value is Scope => (SCOPES as readonly string[]).includes(value);
const LIFETIMES_DAYS = [7, 30, 90, 365];
const NEVER = "never";

function NewToken({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const { run, busy, failure } = useAction(CreateApiTokenDocument);
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<string[]>(["read"]);
  const [days, setDays] = useState("90");
  const [secret, setSecret] = useState<string | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const made = await run({ name: name.trim(), scopes, expiresInDays: days === NEVER ? null : Number(days) });
    if (made) setSecret(made.token);
  };
  const close = { "aria-label": t("common.close") };
  if (secret !== null) {
    return (
      <Modal
        opened
        onClose={onClose}
        title={t("settings.tokenMade")}
        closeButtonProps={close}
        closeOnClickOutside={false}
      >
        <Text c="dimmed" mb="sm">
          {t("settings.tokenOnce")}
        </Text>
        <div className={styles.secret}>
          <code>{secret}</code>
          <CopyButton value={secret} timeout={2500}>
            {({ copied, copy }) => (
              <Button size="xs" leftSection={copied ? <IconCheck size={15} /> : <IconCopy size={15} />} onClick={copy}>
                {copied ? t("common.copied") : t("common.copy")}
              </Button>
            )}
          </CopyButton>
        </div>
        <Group justify="flex-end" mt="lg">
          <Button variant="default" onClick={onClose}>
            {t("common.close")}
          </Button>
        </Group>
      </Modal>
    );
  }
  return (
    <Modal opened onClose={onClose} title={t("settings.newToken")} closeButtonProps={close}>
      <form onSubmit={submit} className={styles.stack}>
        <TextInput
          data-autofocus
          required
          withAsterisk={false}
          maxLength={120}
          label={t("settings.tokenName")}
          placeholder={t("settings.tokenNamePlaceholder")}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={fieldError(failure, "name")}
        />
        <Checkbox.Group
          label={t("settings.scopes")}
          value={scopes}
          onChange={setScopes}
          error={fieldError(failure, "scopes")}
        >
          <div className={styles.stack} style={{ marginTop: 8 }}>
            {SCOPES.map((scope) => (
              <Checkbox
                key={scope}
                value={scope}
                label={t(`settings.scope.${scope}`)}
                description={t(`settings.scope.${scope}Text`)}
              />
            ))}
          </div>
        </Checkbox.Group>
        <Select
          label={t("settings.expires")}
          data={[
            ...LIFETIMES_DAYS.map((count) => ({ value: String(count), label: t("settings.expiresIn", { count }) })),
            { value: NEVER, label: t("settings.expiresNever") },
          ]}
          value={days}
          allowDeselect={false}
          onChange={(value) => value && setDays(value)}
        />
        <FailureNote failure={failure} except={["name", "scopes"]} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button type="submit" loading={busy} disabled={!name.trim() || scopes.length === 0}>
            {t("common.create")}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
