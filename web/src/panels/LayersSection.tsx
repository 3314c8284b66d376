import { IconEye, IconEyeOff } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useObservable } from "../app/useObservable";
import type { Translate } from "../i18n";
import { formatNumber } from "../i18n/format";
import type { Annotation, Layer } from "../model/annotation";
import { LayerLookButton } from "./LayerLookButton";
import panel from "./panel.module.css";
import { Section } from "./Section";
import { useOpenSlide } from "./slideContext";

/** Whose annotations are to be seen. */
export function LayersSection() {
  const { t } = useTranslation();
  const { session, workbench, desk } = useOpenSlide();
  const snapshot = useObservable(session.annotations);
  const { layers } = snapshot;
  const counts = useMemo(() => countByLayer(snapshot.byId.values()), [snapshot]);
  const hidden = useObservable(workbench.hiddenLayerIds);
  const allShown = layers.every((layer) => !hidden.has(layer.id));
  const show = (layer: Layer, visible: boolean) => {
    workbench.setLayerVisible(layer.id, visible);
    // The overlay is the same finding as its outlines: it comes and goes with them.
    if (layer.predictionId !== null && layer.predictionId === desk.shown?.id) workbench.setHeatmapStyle({ visible });
  };
  const toggleAll = () => {
    for (const layer of layers) show(layer, !allShown);
  };
  const toggleLabel = allShown ? t("panel.hideAll") : t("panel.showAll");
  return (
    <Section
      title={t("panel.layers")}
      aside={
        layers.length > 1 && (
          <button type="button" className={panel.icon} aria-label={toggleLabel} title={toggleLabel} onClick={toggleAll}>
            {allShown ? <IconEye size={16} /> : <IconEyeOff size={16} />}
          </button>
        )
      }
    >
      {layers.length === 0 && <p className={panel.hint}>{t("panel.noLayers")}</p>}
      <ul className={panel.rows}>
        {layers.map((layer) => {
          const visible = !hidden.has(layer.id);
          const name = nameOf(layer, t);
          return (
            <li key={layer.id} className={panel.row}>
              <span
                className={panel.dot}
                style={{ background: layer.kind === "PREDICTION" ? "var(--ai)" : layer.color }}
                aria-hidden
              />
              <span className={panel.label} style={visible ? undefined : { opacity: 0.5 }} title={name}>
                {name}
              </span>
              <span className={panel.figure}>{formatNumber(countOf(layer, counts))}</span>
              {layer.kind !== "PREDICTION" && <LayerLookButton layerId={layer.id} name={name} />}
              <button
                type="button"
                className={panel.icon}
                aria-pressed={visible}
                aria-label={visible ? t("panel.hideLayer", { name }) : t("panel.showLayer", { name })}
                onClick={() => show(layer, !visible)}
              >
                {visible ? <IconEye size={16} /> : <IconEyeOff size={16} />}
              </button>
            </li>
          );
        })}
      </ul>
    </Section>
  );
}

function countByLayer(annotations: Iterable<Annotation>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { layerId } of annotations) counts.set(layerId, (counts.get(layerId) ?? 0) + 1);
  return counts;
}

/** What is drawn is counted here, at once; predicted outlines are too many to be held as records, so the server counts them. */
function countOf(layer: Layer, counts: ReadonlyMap<string, number>): number {
  return layer.kind === "PREDICTION" ? layer.annotationCount : (counts.get(layer.id) ?? 0);
}

function nameOf(layer: Layer, t: Translate): string {
  if (layer.kind === "PREDICTION") return t("panel.aiLayer", { name: layer.name });
  return layer.owner?.name ?? layer.name;
}
