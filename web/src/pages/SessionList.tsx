import { Button } from "@mantine/core";
import { IconDeviceDesktop } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { FailureNote } from "../app/FailureNote";
import { useAction } from "../app/requests";
import { RevokeSessionDocument, type SettingsQuery } from "../gql/graphql";
import { formatAgo } from "../i18n/format";
import { deviceOf } from "./device";
import styles from "./SettingsPage.module.css";

interface Props {
  readonly sessions: NonNullable<SettingsQuery["me"]>["sessions"];
  readonly onChanged: () => void;
}

/** Where one is signed in, each revocable on its own. */
export function SessionList({ sessions, onChanged }: Props) {
  const { t } = useTranslation();
  const { run, busy, failure } = useAction(RevokeSessionDocument);
  return (
    <>
      <ul className={styles.list}>
        {sessions.map((session) => {
          const facts = deviceOf(session.userAgent);
          const device = facts ? t("settings.device", facts) : t("settings.unknownDevice");
          return (
            <li key={session.id} className={styles.row}>
              <IconDeviceDesktop size={18} aria-hidden />
              <span className={styles.grow}>
                <strong>{device}</strong>
                <span>{t("settings.signedIn", { ago: formatAgo(session.createdAt) })}</span>
              </span>
              {session.current ? (
                <span className={styles.here}>{t("settings.thisBrowser")}</span>
              ) : (
                <Button
                  variant="subtle"
                  color="gray"
                  size="xs"
                  disabled={busy}
                  aria-label={t("settings.endSessionOf", { device })}
                  onClick={async () => {
                    if (await run({ id: session.id })) onChanged();
                  }}
                >
                  {t("settings.endSession")}
                </Button>
              )}
            </li>
          );
        })}
      </ul>
      <FailureNote failure={failure} />
    </>
  );
}
