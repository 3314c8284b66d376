/** Human and imported annotations as ordinary OpenLayers features, kept equal to the store by its change sets. */
import Feature from "ol/Feature";
import type OlGeometry from "ol/geom/Geometry";
import LineString from "ol/geom/LineString";
import MultiPolygon from "ol/geom/MultiPolygon";
import Point from "ol/geom/Point";
import Polygon from "ol/geom/Polygon";
import VectorLayer from "ol/layer/Vector";
import VectorSource from "ol/source/Vector";
import Circle from "ol/style/Circle";
import Fill from "ol/style/Fill";
import Stroke from "ol/style/Stroke";
import Style from "ol/style/Style";
import type { Annotation, Geometry, Term } from "../model/annotation";
import { lookOf, type TermLook, termsById } from "../model/terms";
import { hatch, withAlpha } from "./color";
import { mapFromLevel0 } from "./coordinates";
import type { LayerLook } from "./facade";

export const CASING = "rgba(255, 255, 255, 0.85)";
export const CASING_PX = 5;
export const LINE_PX = 2;
export const FILL_ALPHA = 0.22;

export interface AnnotationLook {
  readonly terms: readonly Term[];
  readonly selected: ReadonlySet<string>;
  readonly selectionColor: string;
  readonly hiddenLayerIds: ReadonlySet<string>;
  /** Of the layers that are not drawn as usual. */
  readonly layerLooks?: ReadonlyMap<string, LayerLook>;
  /** Drawn elsewhere for now: what a tool is editing. */
  readonly hiddenIds: ReadonlySet<string>;
}

export const USUAL_LAYER_LOOK: LayerLook = { opacity: 1, filled: true };

export class AnnotationLayer {
  readonly source = new VectorSource<Feature<OlGeometry>>({ wrapX: false });
  readonly layer: VectorLayer<VectorSource<Feature<OlGeometry>>>;
  private readonly annotations = new Map<string, Annotation>();
  private readonly styles = new Map<string, Style[]>();
  private terms: ReadonlyMap<string, Term> = new Map();
  private look: AnnotationLook;

  constructor(look: AnnotationLook) {
    this.look = look;
    this.terms = termsById(look.terms);
    this.layer = new VectorLayer({
      source: this.source,
      className: "coslide-annotations",
      renderBuffer: 64,
      updateWhileAnimating: true,
      updateWhileInteracting: true,
      style: (feature) => this.styleOf(String(feature.getId())),
    });
  }

  /** Brings the features in line with what was created, updated or deleted. */
  apply(changed: Iterable<Annotation>, deletedIds: Iterable<string>): void {
    for (const id of deletedIds) {
      this.annotations.delete(id);
      const feature = this.source.getFeatureById(id);
      if (feature !== null) this.source.removeFeature(feature);
    }
    const added: Feature<OlGeometry>[] = [];
    for (const annotation of changed) {
      const before = this.annotations.get(annotation.id);
      this.annotations.set(annotation.id, annotation);
      const feature = this.source.getFeatureById(annotation.id);
      if (feature === null) {
        const fresh = new Feature(olGeometry(annotation.geometry));
        fresh.setId(annotation.id);
        added.push(fresh);
      } else if (before?.geometry !== annotation.geometry) {
        feature.setGeometry(olGeometry(annotation.geometry));
      } else {
        feature.changed();
      }
    }
    if (added.length > 0) this.source.addFeatures(added);
  }

  setLook(change: Partial<AnnotationLook>): void {
    this.look = { ...this.look, ...change };
    if (change.terms !== undefined) this.terms = termsById(change.terms);
    this.layer.changed();
  }

  lookOf(annotation: Annotation): TermLook {
    return lookOf(annotation.termId === null ? undefined : this.terms.get(annotation.termId));
  }

  private styleOf(id: string): Style[] | undefined {
    const annotation = this.annotations.get(id);
    if (annotation === undefined || this.look.hiddenIds.has(id) || this.look.hiddenLayerIds.has(annotation.layerId)) {
      return undefined;
    }
    const { color, pattern } = this.lookOf(annotation);
    const selected = this.look.selected.has(id);
    const layer = this.look.layerLooks?.get(annotation.layerId) ?? USUAL_LAYER_LOOK;
    const selectionColor = selected ? this.look.selectionColor : null;
    const key = [annotation.geometry.type, color, pattern, selectionColor, layer.opacity, layer.filled].join("|");
    const known = this.styles.get(key);
    if (known !== undefined) return known;
    const made = styles(annotation.geometry, color, pattern === "hatched", selectionColor, layer);
    this.styles.set(key, made);
    return made;
  }
}

function styles(
  geometry: Geometry,
  color: string,
  hatched: boolean,
  selectionColor: string | null,
  { opacity, filled }: LayerLook,
): Style[] {
  const line = selectionColor ?? withAlpha(color, opacity);
  const casing = `rgba(255, 255, 255, ${0.85 * opacity})`;
  if (geometry.type === "Point") {
    const dot = (radius: number, fill: string) =>
      new Style({ image: new Circle({ radius, fill: new Fill({ color: fill }) }) });
    return selectionColor === null ? [dot(7, casing), dot(5, line)] : [dot(9, CASING), dot(7.5, line), dot(5, color)];
  }
  const fill = hatched ? hatch(color, 0.75 * opacity) : withAlpha(color, FILL_ALPHA * opacity);
  const width = selectionColor === null ? LINE_PX : LINE_PX + 1;
  const dash = hatched ? { lineDash: [7, 5], lineCap: "butt" as const } : {};
  return [
    new Style({ stroke: new Stroke({ color: casing, width: width + CASING_PX - LINE_PX, lineJoin: "round" }) }),
    new Style({
      stroke: new Stroke({ color: line, width, lineJoin: "round", ...dash }),
      ...(filled ? { fill: new Fill({ color: fill }) } : {}),
    }),
  ];
}

export function olGeometry(geometry: Geometry): OlGeometry {
  switch (geometry.type) {
    case "Point":
      return new Point(mapFromLevel0(geometry.coordinates));
    case "LineString":
      return new LineString(geometry.coordinates.map(mapFromLevel0));
    case "Polygon":
      return new Polygon(geometry.coordinates.map((ring) => ring.map(mapFromLevel0)));
    case "MultiPolygon":
      return new MultiPolygon(geometry.coordinates.map((polygon) => polygon.map((ring) => ring.map(mapFromLevel0))));
  }
}
