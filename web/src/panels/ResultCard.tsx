import { useTranslation } from "react-i18next";
import { describeFailure } from "../app/failure";
import { formatArea, formatDuration, formatMoment, formatNumber, formatPercent } from "../i18n/format";
import type { Prediction, SetAside } from "../model/prediction";
import styles from "./AiPanel.module.css";
import panel from "./panel.module.css";
import { Section } from "./Section";

/** What a finished prediction found, in figures. */
export function ResultCard({ prediction }: { readonly prediction: Prediction }) {
  const { t } = useTranslation();
  const { tissueMm2, cancerMm2, unsureMm2, polygons, seconds } = prediction;
  return (
    <Section
      title={t("ai.result")}
      aside={seconds !== null && <span>{t("ai.done", { time: formatDuration(seconds) })}</span>}
    >
      <dl className={`${panel.card} ${styles.figures}`}>
        {cancerMm2 !== null && <Figure name={t("ai.cancer")} value={formatArea(cancerMm2)} ai />}
        {tissueMm2 !== null && <Figure name={t("ai.tissue")} value={formatArea(tissueMm2)} />}
        {cancerMm2 !== null && tissueMm2 !== null && tissueMm2 > 0 && (
          <Figure name={t("ai.share")} value={formatPercent(cancerMm2 / tissueMm2, 1)} ai />
        )}
        {unsureMm2 !== null && <Figure name={t("ai.unsure")} value={formatArea(unsureMm2)} />}
        {polygons !== null && <Figure name={t("ai.outlines")} value={formatNumber(polygons)} />}
      </dl>
      <p className={panel.hint}>
        {t("ai.ranBy", {
          name: prediction.requestedBy?.name ?? t("common.someone"),
          at: formatMoment(prediction.createdAt),
          model: `${prediction.model} ${prediction.modelVersion}`,
        })}
      </p>
      {prediction.setAside.length > 0 && <Missing parts={prediction.setAside} />}
      {isMostlyUnsure(prediction) && <p className={styles.warning}>{t("ai.unlike")}</p>}
    </Section>
  );
}

/** Whether most of what would be cancer does not look like the model's training: then the slide is probably not for it. */
function isMostlyUnsure({ cancerMm2, unsureMm2 }: Prediction): boolean {
  return unsureMm2 !== null && unsureMm2 > (cancerMm2 ?? 0);
}

/** What the result lacks, in words; the overlay shows where. */
function Missing({ parts }: { readonly parts: readonly SetAside[] }) {
  const { t } = useTranslation();
  const reasons = [...new Set(parts.map((part) => describeFailure(part.failure)))];
  return (
    <div className={styles.warning}>
      <p className={styles.missing}>{t("ai.missing", { count: parts.length })}</p>
      <details className={styles.details}>
        <summary>{t("ai.missingWhy")}</summary>
        <ul>
          {reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      </details>
    </div>
  );
}

interface FigureProps {
  readonly name: string;
  readonly value: string;
  readonly ai?: boolean;
}

function Figure({ name, value, ai }: FigureProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd data-ai={ai || undefined}>{value}</dd>
    </div>
  );
}
