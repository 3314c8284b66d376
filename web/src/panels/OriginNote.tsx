import { useTranslation } from "react-i18next";
import { useObservable } from "../app/useObservable";
import { formatMoment, formatNumber } from "../i18n/format";
import type { Annotation } from "../model/annotation";
import { provenanceOf } from "../model/provenance";
import panel from "./panel.module.css";
import { useOpenSlide } from "./slideContext";

/** Of an accepted outline: which model made it, at which threshold, and who accepted it when. */
export function OriginNote({ annotation }: { readonly annotation: Annotation }) {
  const { t } = useTranslation();
  const { session } = useOpenSlide();
  const predictions = useObservable(session.predictions);
  const from = provenanceOf(annotation);
  if (from === null) return null;
  const prediction = predictions.find(({ id }) => id === from.predictionId);
  const who = { name: annotation.createdBy?.name ?? t("common.someone"), at: formatMoment(annotation.createdAt) };
  return (
    <p className={panel.hint}>
      {prediction
        ? t("annotations.fromModel", {
            model: `${prediction.model} ${prediction.modelVersion}`,
            threshold: formatNumber(prediction.threshold, 2),
            ...who,
          })
        : t("annotations.fromPrediction", who)}
    </p>
  );
}
