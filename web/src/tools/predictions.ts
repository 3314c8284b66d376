/** The prediction on show: its heatmap, its polygons, and what has been accepted or rejected of them. */
import type { AnnotationOp, Position } from "../model/annotation";
import { kindOfArea } from "../model/geometry";
import { newId } from "../model/ids";
import { Value } from "../model/observable";
import { NO_ROWS, rowsOf } from "../model/outlineRows";
import type { Outlines } from "../model/outlines";
import { DEFAULT_HEATMAP_STYLE, type HeatmapStyle, type Prediction } from "../model/prediction";
import { FROM_POLYGON, FROM_PREDICTION, provenanceOf } from "../model/provenance";
import type { ClassStyle, PredictionResults, SlideSession } from "../viewer/facade";
import { DEFAULT_PALETTE, type HeatmapPalette } from "../viewer/heatmapColors";
import type { SlideViewer } from "../viewer/slideViewer";

const NOTHING: PredictionResults = { layerId: null, loading: false, polygons: NO_ROWS, error: null };
/** Polygons lie over a heatmap as outlines only. */
const FILL_OVER_HEATMAP = 0;
const FILL_ALONE = 0.16;
const COUNT_AFTER_MS = 120;

export class PredictionDisplay {
  readonly style = new Value<HeatmapStyle>(DEFAULT_HEATMAP_STYLE);
  readonly results = new Value<PredictionResults>(NOTHING);
  readonly selected = new Value<number | null>(null);
  readonly counts = new Value<ReturnType<SlideViewer["predictions"]["counts"]>>(null);
  private countTimer: ReturnType<typeof setTimeout> | undefined;
  private shownId: string | null = null;
  private classes: readonly ClassStyle[] = [];
  private outlines: Outlines | null = null;
  private rejected: ReadonlySet<number> = new Set();
  private accepted: ReadonlySet<number> = new Set();
  /** The heatmap version at which each prediction was first heard of. */
  private readonly firstVersions = new Map<string, number>();
  private loading: AbortController | null = null;
  private readonly stops: (() => void)[];

  constructor(
    private readonly viewer: SlideViewer,
    private readonly session: SlideSession,
  ) {
    this.stops = [
      session.onHeatmapTiles((prediction, tiles) => {
        if (prediction.id !== this.shownId) {
          // Its tiles go by unseen: once it is shown, all have to be asked for.
          this.firstVersions.set(prediction.id, prediction.heatmapVersion);
          return;
        }
        viewer.heatmap.show(prediction, this.firstVersion(prediction));
        if (tiles === null) viewer.heatmap.renew(prediction);
        else viewer.heatmap.noteChanged(prediction.id, tiles);
      }),
      session.predictions.subscribe(() => this.follow()),
      session.annotations.subscribe(() => this.countAccepted()),
      viewer.viewport.subscribe(() => this.countSoon()),
      this.results.subscribe(() => this.countSoon()),
    ];
  }

  show(predictionId: string | null, classes: readonly ClassStyle[]): void {
    const same = predictionId === this.shownId;
    this.shownId = predictionId;
    this.classes = classes;
    const palette = paletteOf(classes);
    this.viewer.heatmap.setStyle(this.style.getSnapshot(), palette);
    this.viewer.glimpse.setStyle(this.style.getSnapshot(), palette);
    if (!same) this.clearPolygons();
    this.follow();
  }

  setStyle(change: Partial<HeatmapStyle>): void {
    const style = { ...this.style.getSnapshot(), ...change };
    this.style.set(style);
    this.viewer.heatmap.setStyle(style);
    this.viewer.glimpse.setStyle(style);
    this.viewer.predictions.setFillAlpha(style.visible && style.opacity > 0 ? FILL_OVER_HEATMAP : FILL_ALONE);
  }

  setPolygonsVisible(visible: boolean): void {
    this.viewer.predictions.setVisible(visible);
    this.countSoon();
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
    const bounds = index === null || !goThere ? null : this.viewer.predictions.bounds(index);
    if (bounds !== null) this.viewer.camera.fitBounds(bounds);
  }

  accept(numbers: readonly number[], termOf: (number: number) => string | null): void {
    const ops = numbers.flatMap((number): AnnotationOp[] => {
      const geometry = this.viewer.predictions.geometry(number);
      if (geometry === null || this.accepted.has(number)) return [];
      const kind = kindOfArea(geometry);
      const attributes = { [FROM_PREDICTION]: this.shownId, [FROM_POLYGON]: number };
      return [{ type: "create", id: newId(), kind, geometry, termId: termOf(number), attributes }];
    });
    this.session.apply(ops);
  }

  reject(numbers: readonly number[]): void {
    this.rejected = new Set([...this.rejected, ...numbers]);
    const { layerId } = this.results.getSnapshot();
    if (layerId !== null) rememberRejected(layerId, this.rejected);
    this.hide();
  }

  close(): void {
    clearTimeout(this.countTimer);
    for (const stop of this.stops) stop();
    this.loading?.abort();
    this.take(null);
  }

  /** Once the view has come to rest: there may be a million to look through. */
  private countSoon(): void {
    clearTimeout(this.countTimer);
    this.countTimer = setTimeout(() => {
      this.counts.set(this.viewer.predictions.counts(this.viewer.viewport.getSnapshot().bounds));
    }, COUNT_AFTER_MS);
  }

  /** Polygons that are annotations now: accepted here or by anyone else, and shown again when that is undone. */
  private countAccepted(): void {
    const { layerId, loading } = this.results.getSnapshot();
    if (layerId === null || loading) return;
    const accepted = new Set<number>();
    for (const annotation of this.session.annotations.getSnapshot().byId.values()) {
      const from = provenanceOf(annotation);
      if (from !== null && from.predictionId === this.shownId) accepted.add(from.polygon);
    }
    if (accepted.size === this.accepted.size && [...accepted].every((number) => this.accepted.has(number))) return;
    this.accepted = accepted;
    this.hide();
  }

  private hide(): void {
    const hidden = new Set([...this.rejected, ...this.accepted]);
    this.viewer.predictions.setHidden(hidden);
    const selected = this.selected.getSnapshot();
    if (selected !== null && hidden.has(selected)) this.select(null, false);
    const polygons = this.outlines === null ? NO_ROWS : rowsOf(this.outlines, hidden);
    this.results.update((results) => ({ ...results, polygons }));
  }

  private firstVersion({ id, heatmapVersion }: Prediction): number {
    const first = this.firstVersions.get(id) ?? heatmapVersion;
    this.firstVersions.set(id, first);
    return first;
  }

  /** The prediction may have gained a heatmap, or come to its end and have polygons now. */
  private follow(): void {
    const predictions = this.session.predictions.getSnapshot();
    for (const known of predictions) this.firstVersion(known);
    const prediction = predictions.find((candidate) => candidate.id === this.shownId) ?? null;
    this.viewer.heatmap.show(prediction, prediction === null ? 0 : this.firstVersion(prediction));
    const { layerId } = this.results.getSnapshot();
    if (prediction?.layerId == null || prediction.status !== "SUCCEEDED" || prediction.layerId === layerId) return;
    void this.load(prediction, prediction.layerId);
  }

  private async load(prediction: Prediction, layerId: string): Promise<void> {
    this.loading?.abort();
    const loading = new AbortController();
    this.loading = loading;
    this.results.set({ layerId, loading: true, polygons: NO_ROWS, error: null });
    this.viewer.predictions.prepare();
    try {
      const outlines = await this.session.loadOutlines(layerId, loading.signal);
      if (loading.signal.aborted || prediction.id !== this.shownId) {
        outlines.close();
        return;
      }
      this.rejected = rejectedBefore(layerId);
      this.accepted = new Set();
      this.take(outlines);
      this.results.set({ layerId, loading: false, polygons: NO_ROWS, error: null });
      this.hide();
      this.countAccepted();
    } catch (error) {
      if (loading.signal.aborted) return;
      // Without a layer id, the next news of the prediction tries again.
      this.results.set({ ...NOTHING, error: error instanceof Error ? error.message : String(error) });
    }
  }

  private clearPolygons(): void {
    this.loading?.abort();
    this.select(null, false);
    this.take(null);
    this.results.set(NOTHING);
  }

  private take(outlines: Outlines | null): void {
    this.outlines = outlines;
    this.viewer.showOutlines(outlines, this.classes);
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

/** What was rejected is this reader's own view of a prediction, kept in this browser. */
function rejectedBefore(layerId: string): ReadonlySet<number> {
  const kept: unknown = JSON.parse(localStorage.getItem(rejectedKey(layerId)) ?? "[]");
  return new Set(Array.isArray(kept) ? kept.filter((number) => typeof number === "number") : []);
}

function rememberRejected(layerId: string, numbers: ReadonlySet<number>): void {
  localStorage.setItem(rejectedKey(layerId), JSON.stringify([...numbers]));
}

function rejectedKey(layerId: string): string {
  return `coslide.rejected.${layerId}`;
}
