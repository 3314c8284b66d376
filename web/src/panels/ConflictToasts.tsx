import { IconUsers } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useObservable } from "../app/useObservable";
import { currentLanguage } from "../i18n";
import { formatArea } from "../model/units";
import type { ConflictView } from "../viewer/facade";
import styles from "./ConflictToasts.module.css";
import { useOpenSlide } from "./slideContext";

/** Two people changed one outline: told calmly, with verbs, one at a time. Nothing is lost until one of them is pressed. */
export function ConflictToasts() {
  const { session } = useOpenSlide();
  const conflicts = useObservable(session.conflicts);
  const [first] = conflicts;
  if (!first) return null;
  return <ConflictToast key={first.annotationId} conflict={first} more={conflicts.length - 1} />;
}

interface Props {
  readonly conflict: ConflictView;
  readonly more: number;
}

function ConflictToast({ conflict, more }: Props) {
  const { t } = useTranslation();
  const { session, workbench, slide } = useOpenSlide();
  const [comparing, setComparing] = useState(false);
  const { annotationId, by, theirs, mine } = conflict;

  useEffect(() => {
    workbench.compareConflict(comparing ? annotationId : null);
    return () => workbench.compareConflict(null);
  }, [workbench, comparing, annotationId]);

  const scale = { mppX: slide.mppX ?? null, mppY: slide.mppY ?? null };
  const sizeOf = (side: ConflictView["mine"]) =>
    side ? formatArea(side.areaPx, scale, currentLanguage()) : t("conflict.gone");
  const name = by ?? t("common.someone");
  return (
    <section className={styles.toast} role="status" aria-live="polite">
      <IconUsers size={18} className={styles.icon} aria-hidden />
      <div className={styles.text}>
        <span>
          {theirs === null
            ? t("conflict.deletedFirst", { name })
            : by
              ? t("conflict.first", { name })
              : t("conflict.firstUnknown")}
        </span>
        {comparing && (
          <small>
            <i data-side="mine" /> {t("conflict.mine")} {sizeOf(mine)} <i data-side="theirs" /> {t("conflict.theirs")}{" "}
            {sizeOf(theirs)}
          </small>
        )}
        {more > 0 && <small>{t("conflict.more", { count: more })}</small>}
      </div>
      <button type="button" aria-pressed={comparing} onClick={() => setComparing(!comparing)}>
        {t("conflict.compare")}
      </button>
      <button type="button" onClick={() => session.keepMine(annotationId)}>
        {t("conflict.keepMine")}
      </button>
      {conflict.canMerge ? (
        <button type="button" data-primary onClick={() => session.merge(annotationId)}>
          {t("conflict.merge")}
        </button>
      ) : (
        <button type="button" data-primary onClick={() => session.takeTheirs(annotationId)}>
          {t("conflict.takeTheirs")}
        </button>
      )}
    </section>
  );
}
