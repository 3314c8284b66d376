import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useObservable } from "../../app/useObservable";
import { formatNumber } from "../../i18n/format";
import { pointCounts } from "../../model/counting";
import { boundsContain } from "../../model/geometry";
import { lookOf } from "../../model/terms";
import { useOpenSlide } from "../slideContext";
import { TermSwatch } from "../TermSwatch";
import styles from "./CommandBar.module.css";

/** The running totals while one counts, by term; the lit one is what the next click counts. */
export function CountCard() {
  const { t } = useTranslation();
  const { session, workbench, terms } = useOpenSlide();
  const { byId } = useObservable(session.annotations);
  const hidden = useObservable(workbench.hiddenLayerIds);
  const active = useObservable(workbench.activeTermId);
  const { bounds } = useObservable(workbench.viewport);
  const points = useMemo(
    () => [...byId.values()].filter(({ kind, layerId }) => kind === "POINT" && !hidden.has(layerId)),
    [byId, hidden],
  );
  const counts = useMemo(() => pointCounts(points), [points]);
  const inView = points.filter((point) => boundsContain(bounds, point.bounds)).length;
  const without = counts.get(null) ?? 0;
  return (
    <section className={styles.bar} aria-label={t("count.title")} title={t("count.hint")}>
      {terms
        .filter(({ id }) => id === active || counts.has(id))
        .map((term) => (
          <span key={term.id} className={styles.counted} data-active={term.id === active || undefined}>
            <TermSwatch look={lookOf(term)} />
            {term.name} <b>{formatNumber(counts.get(term.id) ?? 0)}</b>
          </span>
        ))}
      {without > 0 && (
        <span className={styles.counted}>
          <TermSwatch look={lookOf(undefined)} />
          {t("panel.noTerm")} <b>{formatNumber(without)}</b>
        </span>
      )}
      <span className={styles.divider} aria-hidden />
      <span className={styles.counted} role="status">
        {t("count.total")} <b>{formatNumber(points.length)}</b>
      </span>
      <span className={styles.counted}>
        {t("count.inView")} <b>{formatNumber(inView)}</b>
      </span>
    </section>
  );
}
