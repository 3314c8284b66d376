import { IconAlertTriangle, IconInfoCircle, IconWifiOff, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { describeFailure } from "../app/failure";
import { useObservable } from "../app/useObservable";
import styles from "./Notices.module.css";
import { useOpenSlide } from "./slideContext";

/** What the live session tells in passing. */
export function Notices() {
  const { t } = useTranslation();
  const { session } = useOpenSlide();
  const notices = useObservable(session.notices);
  return (
    <div className={styles.list} aria-live="polite">
      {notices.map((notice) => (
        <div key={notice.id} className={styles.notice} data-tone={notice.tone}>
          {notice.tone === "info" ? (
            <IconInfoCircle size={18} aria-hidden />
          ) : (
            <IconAlertTriangle size={18} aria-hidden />
          )}
          <span>{describeFailure(notice)}</span>
          <button type="button" aria-label={t("notice.dismiss")} onClick={() => session.dismissNotice(notice.id)}>
            <IconX size={14} />
          </button>
        </div>
      ))}
    </div>
  );
}

/** Work goes on without a line; this says so for as long as it lasts. */
export function OfflineBanner() {
  const { t } = useTranslation();
  const { session } = useOpenSlide();
  const { connection } = useObservable(session.status);
  if (connection !== "offline") return null;
  return (
    <div className={styles.offline} role="status">
      <IconWifiOff size={16} aria-hidden /> {t("viewer.offlineText")}
    </div>
  );
}
