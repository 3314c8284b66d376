import { Button } from "@mantine/core";
import { IconHistory } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { formatMoment } from "../i18n/format";
import styles from "./HistoryPanel.module.css";
import { useOpenSlide } from "./slideContext";

/** Says that what one sees is not now, and how to return. */
export function PastBanner() {
  const { t } = useTranslation();
  const { travel } = useOpenSlide();
  if (travel.moment === null) return null;
  return (
    <div className={styles.banner} role="status">
      <IconHistory size={17} aria-hidden />
      <span>{t("history.past", { at: formatMoment(travel.moment.at), seq: travel.moment.seq })}</span>
      <Button size="compact-sm" onClick={travel.back}>
        {t("history.back")}
      </Button>
    </div>
  );
}
