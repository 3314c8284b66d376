import { useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { useObservable } from "../app/useObservable";
import { SlideMeasuresDocument } from "../gql/graphql";
import { currentLanguage } from "../i18n";
import { formatArea as formatMm2, formatNumber, formatPercent } from "../i18n/format";
import type { Geometry } from "../model/annotation";
import { areaOf, isArea, lengthOf } from "../model/geometry";
import { formatArea, formatLength, type Scale } from "../model/units";
import panel from "./panel.module.css";
import { Section } from "./Section";
import { useOpenSlide } from "./slideContext";
import { useSettled } from "./useSettled";

/** Areas by term for the whole slide, and of what is drawn or selected now. */
export function MeasuresSection() {
  const { t } = useTranslation();
  const { slide, session, desk, canManage, openScale } = useOpenSlide();
  const { seq } = useObservable(session.status);
  const settledSeq = useSettled(seq);
  const [{ data }, reload] = useQuery({ query: SlideMeasuresDocument, variables: { slideId: slide.id } });
  const finished = desk.shown?.finishedAt ?? null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: whatever advances the slide may change its measures
  useEffect(() => {
    reload({ requestPolicy: "network-only" });
  }, [settledSeq, finished, slide.mppX, reload]);

  const scale: Scale = { mppX: slide.mppX ?? null, mppY: slide.mppY ?? null };
  const measures = data?.measures;
  const terms = measures?.terms.filter((measure) => measure.areaPx > 0) ?? [];
  const tissue = desk.shown?.tissueMm2 ?? measures?.tissueMm2 ?? null;
  const cancer = desk.shown?.cancerMm2 ?? measures?.cancerMm2 ?? null;
  return (
    <Section title={t("panel.measures")}>
      <dl className={`${panel.card} ${panel.facts}`}>
        <LiveMeasure scale={scale} />
        {terms.map((measure) => (
          <Fact
            key={measure.term?.id ?? "none"}
            name={t("panel.areaOf", { term: measure.term?.name ?? t("panel.noTerm") })}
            value={
              measure.areaMm2 != null
                ? formatMm2(measure.areaMm2)
                : formatArea(measure.areaPx, scale, currentLanguage())
            }
          />
        ))}
        {tissue !== null && <Fact name={t("panel.tissueArea")} value={formatMm2(tissue)} />}
        {cancer !== null && <Fact name={t("panel.cancerArea")} value={formatMm2(cancer)} />}
        {tissue !== null && cancer !== null && tissue > 0 && (
          <Fact name={t("panel.cancerShare")} value={formatPercent(cancer / tissue, 1)} />
        )}
        <Fact name={t("panel.countOf")} value={formatNumber(measures?.annotationCount ?? 0)} />
      </dl>
      {scale.mppX === null && (
        <p className={panel.hint} style={{ marginTop: 6 }}>
          {canManage ? (
            <button type="button" className={panel.link} onClick={openScale}>
              {t("panel.needsScale")}
            </button>
          ) : (
            t("panel.needsScale")
          )}
        </p>
      )}
    </Section>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

/** What is being drawn, else what is selected. */
function LiveMeasure({ scale }: { readonly scale: Scale }) {
  const { t } = useTranslation();
  const { session, workbench } = useOpenSlide();
  const draft = useObservable(workbench.draft);
  const selection = useObservable(workbench.selection);
  const snapshot = useObservable(session.annotations);
  const selected = useMemo(
    () => selection.flatMap((id) => snapshot.byId.get(id)?.geometry ?? []),
    [selection, snapshot],
  );
  if (draft) return <Fact name={t("panel.drawing")} value={sizeOf([draft], scale)} />;
  if (selected.length > 0) return <Fact name={t("panel.selection")} value={sizeOf(selected, scale)} />;
  return null;
}

function sizeOf(geometries: readonly Geometry[], scale: Scale): string {
  const areas = geometries.filter(isArea);
  if (areas.length > 0) return formatArea(sum(areas.map(areaOf)), scale, currentLanguage());
  return formatLength(sum(geometries.map(lengthOf)), scale, currentLanguage());
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
