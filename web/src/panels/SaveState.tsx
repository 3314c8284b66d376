import { IconCloudCheck, IconCloudOff, IconCloudUp } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useObservable } from "../app/useObservable";
import { formatPercent } from "../i18n/format";
import styles from "./SaveState.module.css";
import { useOpenSlide } from "./slideContext";

const ICONS = { saved: IconCloudCheck, saving: IconCloudUp, offline: IconCloudOff };

/** Whether everything one drew is on the server, and if not, whether it would survive a crash of this tab. Always visible. */
export function SaveState() {
  const { t } = useTranslation();
  const { saving, unsaved, progress, durable } = useObservable(useOpenSlide().session.status);
  const Icon = ICONS[saving];
  const text =
    saving === "offline"
      ? unsaved > 0
        ? t("viewer.unsaved", { count: unsaved })
        : t("viewer.offline")
      : saving === "saving" && progress !== null
        ? t("viewer.savingPart", { share: formatPercent(progress) })
        : t(`viewer.${saving}`);
  return (
    <span className={styles.state} data-saving={saving} role="status">
      <Icon size={17} aria-hidden />
      <span className={styles.lines}>
        <span>{text}</span>
        {!durable && saving !== "saved" && <span className={styles.fragile}>{t("viewer.onlyThisTab")}</span>}
      </span>
    </span>
  );
}
