import { IconPencilBolt } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useObservable } from "../app/useObservable";
import styles from "./ConflictToasts.module.css";
import { useOpenSlide } from "./slideContext";

/** What was being drawn when the page was closed, or crashed: to go on with, or to put away. */
export function DraftOffer() {
  const { t } = useTranslation();
  const { workbench } = useOpenSlide();
  const work = useObservable(workbench.unfinished);
  if (work === null) return null;
  return (
    <section className={styles.toast} aria-label={t("draft.title")}>
      <IconPencilBolt size={18} className={styles.icon} aria-hidden />
      <span className={styles.text}>{t("draft.text")}</span>
      <button type="button" onClick={() => workbench.discardUnfinished()}>
        {t("draft.discard")}
      </button>
      <button type="button" data-primary onClick={() => workbench.resumeUnfinished()}>
        {work.area === null ? t("draft.resume") : t("draft.keep")}
      </button>
    </section>
  );
}
