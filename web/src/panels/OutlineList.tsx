import { Button } from "@mantine/core";
import { IconCheck, IconDownload, IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { showToast } from "../app/toasts";
import { useObservable } from "../app/useObservable";
import { currentLanguage } from "../i18n";
import { formatNumber } from "../i18n/format";
import type { OutlineRow, OutlineRows } from "../model/outlineRows";
import { lookOf } from "../model/terms";
import { formatArea } from "../model/units";
import styles from "./AiPanel.module.css";
import { exportUrl } from "./exchange";
import panel from "./panel.module.css";
import { type Model, polygonClasses } from "./predictionDesk";
import { useOpenSlide } from "./slideContext";
import { TermSwatch } from "./TermSwatch";
import { termForClass } from "./termForClass";
import { VirtualList } from "./VirtualList";

const ROW_PX = 32;

/** The predicted outlines, the largest first: looked at, taken over or put away one by one, or all at once. */
export function OutlineList() {
  const { t } = useTranslation();
  const { slide, terms, workbench, desk, canDraw } = useOpenSlide();
  const { polygons, loading } = useObservable(workbench.predictionResults);
  const selected = useObservable(workbench.selectedPredictionPolygon);
  const activeTerm = useObservable(workbench.activeTermId);
  const classes = polygonClasses(desk.shownModel);
  const scale = { mppX: slide.mppX ?? null, mppY: slide.mppY ?? null };
  const language = currentLanguage();

  const accept = (chosen: readonly OutlineRow[]) => {
    const termOf = new Map(
      chosen.map(({ index, classIndex }) => [index, termForClass(classes[classIndex], terms) ?? activeTerm]),
    );
    workbench.acceptPredictionPolygons([...termOf.keys()], (index) => termOf.get(index) ?? null);
    showToast(t("ai.acceptedToast", { count: chosen.length }));
  };
  const reject = (polygon: OutlineRow) => workbench.rejectPredictionPolygons([polygon.index]);
  const kindOf = (polygon: OutlineRow) => classes[polygon.classIndex];
  const nameOf = (polygon: OutlineRow) =>
    `${labelOf(kindOf(polygon), language) ?? t("ai.cancer")} #${polygon.index + 1}`;
  const takeKey = (polygon: OutlineRow, key: string): boolean => {
    if (!canDraw || (key !== "Enter" && key.toLowerCase() !== "x")) return false;
    if (key === "Enter") accept([polygon]);
    else reject(polygon);
    return true;
  };
  const verbs = (polygon: OutlineRow) => (
    <>
      <Verb label={t("ai.accept", { name: nameOf(polygon) })} onClick={() => accept([polygon])}>
        <IconCheck size={15} color="var(--ok)" />
      </Verb>
      <Verb label={t("ai.reject", { name: nameOf(polygon) })} onClick={() => reject(polygon)}>
        <IconX size={15} />
      </Verb>
    </>
  );
  if (!loading && polygons.length === 0) {
    return <p className={panel.hint}>{desk.shown?.polygons ? t("ai.allSettled") : t("ai.noResults")}</p>;
  }
  return (
    <>
      <div className={styles.outlines} style={{ height: Math.min(232, Math.max(1, polygons.length) * ROW_PX) }}>
        <VirtualList
          items={polygons}
          rowHeight={ROW_PX}
          label={t("ai.results")}
          keyOf={(polygon) => String(polygon.index)}
          placeOf={(key) => polygons.placeOf(Number(key))}
          current={selected === null ? null : String(selected)}
          selected={(polygon) => polygon.index === selected}
          onPick={(polygon) => workbench.selectPredictionPolygon(polygon.index, { goThere: true })}
          onKey={takeKey}
          actions={canDraw ? verbs : undefined}
        >
          {(polygon) => (
            <>
              <TermSwatch look={lookOf(kindOf(polygon))} />
              <span className={panel.label}>{nameOf(polygon)}</span>
              <span className={panel.figure}>{formatArea(polygon.areaPx, scale, language)}</span>
            </>
          )}
        </VirtualList>
      </div>
      <div className={styles.accept}>
        <Button
          leftSection={<IconCheck size={16} />}
          disabled={!canDraw || polygons.length === 0}
          onClick={() => accept(allOf(polygons))}
        >
          {t("ai.acceptAll")}
        </Button>
        <Button
          variant="default"
          component="a"
          href={exportUrl(slide.id, "geojson")}
          download
          leftSection={<IconDownload size={16} />}
        >
          {t("viewer.export")}
        </Button>
      </div>
    </>
  );
}

/** How many outlines there are, and how many in the view, for the section's head. */
OutlineList.Count = function Count() {
  const { workbench } = useOpenSlide();
  const { t } = useTranslation();
  const { polygons } = useObservable(workbench.predictionResults);
  const counts = useObservable(workbench.predictionCounts);
  const all = formatNumber(polygons.length);
  return (
    <span role="status" aria-label={t("ai.countLabel")}>
      {counts === null ? all : t("ai.inView", { within: formatNumber(counts.within), all })}
    </span>
  );
};

function allOf(rows: OutlineRows): readonly OutlineRow[] {
  return Array.from({ length: rows.length }, (_, place) => rows.at(place)).filter((row) => row !== undefined);
}

function labelOf(kind: Model["classes"][number] | undefined, language: string): string | undefined {
  return language === "ko" ? kind?.labelKo : kind?.labelEn;
}

interface VerbProps {
  readonly label: string;
  readonly onClick: () => void;
  readonly children: ReactNode;
}

function Verb({ label, onClick, children }: VerbProps) {
  return (
    <button
      type="button"
      tabIndex={-1}
      className={panel.icon}
      aria-label={label}
      title={label}
      onClick={(event) => {
        event.stopPropagation();
        onClick();
      }}
    >
      {children}
    </button>
  );
}
