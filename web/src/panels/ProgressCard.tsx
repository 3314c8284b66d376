import { Button } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { describeFailure } from "../app/failure";
import { useObservable } from "../app/useObservable";
import type { Translate } from "../i18n";
import { formatDuration, formatNumber, formatPercent } from "../i18n/format";
import type { Prediction } from "../model/prediction";
import styles from "./AiPanel.module.css";
import panel from "./panel.module.css";
import { isRunning } from "./predictionDesk";
import { Section } from "./Section";
import { useOpenSlide } from "./slideContext";

/** How far a prediction is, how fast, for whom; or why it ended early. */
export function ProgressCard({ prediction }: { readonly prediction: Prediction }) {
  const { t } = useTranslation();
  if (prediction.status === "SUCCEEDED") return null;
  if (prediction.status === "FAILED" || prediction.status === "CANCELLED") {
    const failed = prediction.status === "FAILED";
    return (
      <div className={panel.card} role={failed ? "alert" : "status"}>
        <strong>{failed ? t("ai.failed") : t("ai.cancelled")}</strong>
        {prediction.failure && <p className={styles.muted}>{describeFailure(prediction.failure)}</p>}
        {failed && <p className={styles.muted}>{t("ai.failedHint")}</p>}
      </div>
    );
  }
  const share = shareOf(prediction);
  return (
    <Section title={t("ai.progress")} aside={share !== null && <span>{formatPercent(share)}</span>}>
      <div className={panel.card}>
        <div className={styles.line} role="status">
          <strong>{stateText(prediction, t)}</strong>
          {prediction.etaSeconds !== null && (
            <span>{t("ai.timeLeft", { time: formatDuration(prediction.etaSeconds) })}</span>
          )}
        </div>
        <div
          className={styles.track}
          role="progressbar"
          aria-label={t("ai.progress")}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={share === null ? undefined : Math.round(share * 100)}
          data-unknown={share === null || undefined}
        >
          <div style={share === null ? undefined : { width: `${share * 100}%` }} />
        </div>
        {prediction.total !== null && (
          <div className={styles.line}>
            <span>
              {t("ai.patches", { done: formatNumber(prediction.done), total: formatNumber(prediction.total) })}
            </span>
            {prediction.mpPerS !== null && <span>{t("ai.speed", { value: formatNumber(prediction.mpPerS, 1) })}</span>}
          </div>
        )}
        {prediction.waitsFor && (
          <p className={styles.warning} role="status">
            {describeFailure(prediction.waitsFor)}
          </p>
        )}
        <Started prediction={prediction} />
      </div>
    </Section>
  );
}

function Started({ prediction }: { readonly prediction: Prediction }) {
  const { t } = useTranslation();
  const { session, desk, canDraw } = useOpenSlide();
  const others = useObservable(session.people);
  const watching = new Set(others.map((present) => present.person.id)).size + 1;
  const by = prediction.requestedBy?.name;
  const text = [by && t("ai.startedBy", { name: by }), t("ai.watching", { count: watching })]
    .filter(Boolean)
    .join(" · ");
  return (
    <div className={styles.cancel}>
      {canDraw && isRunning(prediction) && (
        <Button
          size="xs"
          variant="default"
          px={10}
          leftSection={<IconX size={14} />}
          loading={desk.busy}
          aria-label={t("ai.cancel")}
          onClick={() => desk.cancel(prediction.id)}
        >
          {t("common.cancel")}
        </Button>
      )}
      <span>{text}</span>
    </div>
  );
}

function shareOf(prediction: Prediction): number | null {
  if (prediction.status === "QUEUED" || !prediction.total) return null;
  return Math.min(1, prediction.done / prediction.total);
}

function stateText(prediction: Prediction, t: Translate): string {
  if (prediction.status === "QUEUED") {
    const place = prediction.queuePlace;
    return place === null ? t("ai.queued") : `${t("ai.queued")} · ${t("ai.queuePlace", { place })}`;
  }
  return prediction.total === null ? t("ai.finding") : t("ai.running");
}
