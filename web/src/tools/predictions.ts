/** The prediction on show: its heatmap, its polygons, and what has been accepted or rejected of them. */
import type { AnnotationOp, Position } from "../model/annotation";
import { newId } from "../model/ids";
import { Value } from "../model/observable";
import { DEFAULT_HEATMAP_STYLE, type HeatmapStyle, type Prediction } from "../model/prediction";
import type { ClassStyle, PredictionPolygon, PredictionResults, SlideSession } from "../viewer/facade";
import { DEFAULT_PALETTE, type HeatmapPalette } from "../viewer/heatmapColors";
import type { SlideViewer } from "../viewer/slideViewer";

const NOTHING: PredictionResults = { layerId: null, loading: false, polygons: [] };
/** Polygons lie over a heatmap as outlines only. */
const FILL_OVER_HEATMAP = 0;
const FILL_ALONE = 0.16;

export class PredictionDisplay {
  readonly style = new Value<HeatmapStyle>(DEFAULT_HEATMAP_STYLE);
  readonly results = new Value<PredictionResults>(NOTHING);
  readonly selected = new Value<number | null>(null);
  private shownId: string | null = null;
  private classes: readonly ClassStyle[] = [];
  private all: readonly PredictionPolygon[] = [];
  private hidden: ReadonlySet<number> = new Set();
  private loading: AbortController | null = null;
  private readonly stops: (() => void)[];

  constructor(
    private readonly viewer: SlideViewer,
    private readonly session: SlideSession,
  ) {
    this.stops = [
      session.onHeatmapTiles((prediction, tiles) => {
        if (prediction.id !== this.shownId) return;
        viewer.heatmap.show(prediction);
        if (tiles === null) viewer.heatmap.renew(prediction);
        else viewer.heatmap.noteChanged(prediction.id, tiles);
      }),
      session.predictions.subscribe(() => this.follow()),
    ];
  }

  show(predictionId: string | null, classes: readonly ClassStyle[]): void {
    const same = predictionId === this.shownId;
    this.shownId = predictionId;
    this.classes = classes;
    this.viewer.heatmap.setStyle(this.style.getSnapshot(), paletteOf(classes));
    if (!same) this.clearPolygons();
    this.follow();
  }

  setStyle(change: Partial<HeatmapStyle>): void {
    const style = { ...this.style.getSnapshot(), ...change };
    this.style.set(style);
    this.viewer.heatmap.setStyle(style);
    this.viewer.predictions.setFillAlpha(style.visible && style.opacity > 0 ? FILL_OVER_HEATMAP : FILL_ALONE);
  }

  setPolygonsVisible(visible: boolean): void {
    this.viewer.predictions.setVisible(visible);
  }

  /** Selects the polygon under a position. Answers whether there was one. */
  selectAt(position: Position, tolerance: number): boolean {
    const index = this.viewer.predictions.objectAt(position, tolerance);
    this.select(index, false);
    return index !== null;
  }

  select(index: number | null, goThere: boolean): void {
    this.selected.set(index);
    this.viewer.predictions.setHighlighted(index);
    const polygon = index === null ? undefined : this.all.find((candidate) => candidate.index === index);
    if (goThere && polygon !== undefined) this.viewer.fitBounds(polygon.bounds);
  }

  accept(indexes: readonly number[], termId: string | null): void {
    const ops = indexes.flatMap((index): AnnotationOp[] => {
      const geometry = this.viewer.predictions.geometry(index);
      if (geometry === null) return [];
      const kind = geometry.type === "MultiPolygon" ? "MULTIPOLYGON" : "POLYGON";
      return [{ type: "create", id: newId(), kind, geometry, termId, attributes: { acceptedFrom: this.shownId } }];
    });
    this.session.apply(ops);
    this.hide(indexes);
  }

  reject(indexes: readonly number[]): void {
    this.hide(indexes);
  }

  close(): void {
    for (const stop of this.stops) stop();
    this.loading?.abort();
  }

  private hide(indexes: readonly number[]): void {
    this.hidden = new Set([...this.hidden, ...indexes]);
    this.viewer.predictions.setHidden(this.hidden);
    const selected = this.selected.getSnapshot();
    if (selected !== null && this.hidden.has(selected)) this.select(null, false);
    this.results.update((results) => ({
      ...results,
      polygons: this.all.filter(({ index }) => !this.hidden.has(index)),
    }));
  }

  /** The prediction may have gained a heatmap, or come to its end and have polygons now. */
  private follow(): void {
    const prediction =
      this.session.predictions.getSnapshot().find((candidate) => candidate.id === this.shownId) ?? null;
    this.viewer.heatmap.show(prediction);
    const { layerId } = this.results.getSnapshot();
    if (prediction?.layerId == null || prediction.status !== "SUCCEEDED" || prediction.layerId === layerId) return;
    void this.load(prediction, prediction.layerId);
  }

  private async load(prediction: Prediction, layerId: string): Promise<void> {
    this.loading?.abort();
    const loading = new AbortController();
    this.loading = loading;
    this.results.set({ layerId, loading: true, polygons: [] });
    try {
      const objects = await this.session.loadPackedLayer(layerId, loading.signal);
      if (loading.signal.aborted || prediction.id !== this.shownId) return;
      this.hidden = new Set();
      this.all = this.viewer.predictions.setObjects(objects, this.classes);
      this.results.set({ layerId, loading: false, polygons: this.all });
    } catch (error) {
      if (loading.signal.aborted) return;
      this.results.set(NOTHING); // the next news of the prediction tries again
      if (!(error instanceof TypeError)) throw error;
    }
  }

  private clearPolygons(): void {
    this.loading?.abort();
    this.all = [];
    this.hidden = new Set();
    this.select(null, false);
    this.viewer.predictions.setObjects(null, []);
    this.results.set(NOTHING);
  }
}

function paletteOf(classes: readonly ClassStyle[]): HeatmapPalette {
  const colorOf = (test: (candidate: ClassStyle) => boolean, fallback: string) => classes.find(test)?.color ?? fallback;
  return {
    positive: colorOf(({ positive }) => positive, DEFAULT_PALETTE.positive),
    benign: colorOf(({ name, positive }) => !positive && /benign/i.test(name), DEFAULT_PALETTE.benign),
    unsure: colorOf(({ name }) => /unsure/i.test(name), DEFAULT_PALETTE.unsure),
  };
}
