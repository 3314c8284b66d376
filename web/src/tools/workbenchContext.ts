/** What the tools get of the workbench: the slide under their hands, and nothing of map or network. */
import type { Annotation, AnnotationOp, Bounds, Geometry, GeometryKind, Position } from "../model/annotation";
import { boundsIntersect, pathsOf, roundPositions } from "../model/geometry";
import { newId } from "../model/ids";
import { type Observable, Value } from "../model/observable";
import type { TermLook } from "../model/terms";
import type { Scale } from "../model/units";
import type { CommandNote } from "../viewer/commandFacade";
import type { SlideSession } from "../viewer/facade";
import type { ViewRaster } from "../viewer/raster";
import type { Sketch } from "../viewer/sketch";
import type { SlideViewer } from "../viewer/slideViewer";
import type { ActiveTerm } from "./activeTerm";
import type { Notes } from "./notes";
import type { PredictionDisplay } from "./predictions";
import type { Selection } from "./selection";
import type { ToolContext } from "./tool";
import type { VisibleAnnotations } from "./visibleAnnotations";

/** What the context is made of. */
export interface WorkbenchParts {
  readonly scale: Scale;
  readonly viewer: SlideViewer;
  readonly session: SlideSession;
  readonly predictions: PredictionDisplay;
  readonly activeTerm: ActiveTerm;
  readonly visible: VisibleAnnotations;
  readonly selection: Selection;
  readonly editable: Observable<boolean>;
  readonly notes: Notes;
}

export class WorkbenchContext implements ToolContext {
  /** What is being drawn or edited now; `null` otherwise. */
  readonly draft = new Value<Geometry | null>(null);
  readonly scale: Scale;
  /** Told whenever a tool shows something else; `drawing` tells whether something may be under way. */
  onSketch: (drawing: boolean) => void = () => undefined;

  constructor(private readonly parts: WorkbenchParts) {
    this.scale = parts.scale;
  }

  get locale(): string {
    return document.documentElement.lang || "en";
  }

  get editable(): boolean {
    return this.parts.editable.getSnapshot();
  }

  get look(): TermLook {
    return this.parts.activeTerm.look;
  }

  get selection(): readonly string[] {
    return this.parts.selection.ids.getSnapshot();
  }

  get downsample(): number {
    return this.parts.viewer.camera.screenView().downsample;
  }

  annotation(id: string): Annotation | undefined {
    return this.parts.session.annotations.getSnapshot().byId.get(id);
  }

  lookOf(annotation: Annotation): TermLook {
    return this.parts.viewer.annotations.lookOf(annotation);
  }

  annotationAt(position: Position, tolerance: number): Annotation | undefined {
    return this.parts.visible.topmostAt(position, tolerance, this.selection);
  }

  annotationsWithin(corners: readonly [Position, Position]): readonly Annotation[] {
    return this.parts.visible.within(corners);
  }

  annotationsIn(bounds: Bounds): readonly Annotation[] {
    return this.parts.visible.all().filter((annotation) => boundsIntersect(annotation.bounds, bounds));
  }

  get activeTermId(): string | null {
    return this.parts.activeTerm.id.getSnapshot();
  }

  get view(): Bounds {
    return this.parts.viewer.camera.viewportState().bounds;
  }

  create(kind: GeometryKind, geometry: Geometry, { select }: { readonly select: boolean } = { select: true }): string {
    const { session, selection } = this.parts;
    const id = newId();
    session.apply([{ type: "create", id, kind, geometry: roundPositions(geometry), termId: this.activeTermId }]);
    if (select) selection.set([id]);
    return id;
  }

  apply(ops: readonly AnnotationOp[]): void {
    this.parts.session.apply(ops.map(rounded));
  }

  select(ids: readonly string[]): void {
    this.parts.selection.set(ids);
  }

  selectPrediction(position: Position, tolerance: number): boolean {
    return this.parts.predictions.selectAt(position, tolerance);
  }

  sketch(sketch: Sketch, draft: Geometry | null, stroke?: readonly Position[]): void {
    this.parts.viewer.setSketch(sketch);
    this.onSketch(draft !== null || sketch.handles.length > 0);
    if (draft === null && this.draft.getSnapshot() === null) return;
    this.draft.set(draft);
    this.parts.session.setPresence({ stroke: draft === null ? null : (stroke ?? pathsOf(draft)[0] ?? null) });
  }

  hide(ids: readonly string[]): void {
    this.parts.viewer.annotations.setLook({ hiddenIds: new Set(ids) });
  }

  pixels(): ViewRaster {
    return this.parts.viewer.raster();
  }

  probabilities(): { readonly raster: ViewRaster; readonly threshold: number } | null {
    const { viewer, predictions } = this.parts;
    const raster = viewer.heatmap.raster(viewer.camera.screenView());
    return raster === null ? null : { raster, threshold: predictions.style.getSnapshot().threshold };
  }

  tell(code: CommandNote["code"], count = 0): void {
    this.parts.notes.tell(code, count);
  }

  cursor(cursor: string): void {
    this.parts.viewer.setCursor(cursor);
  }
}

function rounded(op: AnnotationOp): AnnotationOp {
  return "geometry" in op && op.geometry !== undefined ? { ...op, geometry: roundPositions(op.geometry) } : op;
}
