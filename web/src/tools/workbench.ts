/** Viewer, tools and session as one table to work at: what the panels hold in their hands. */
import type { Annotation, AnnotationOp, Bounds, Geometry, GeometryKind, Position, Term } from "../model/annotation";
import { boundsContain, boundsFromCorners, boundsIntersect, hits, pathsOf, roundPositions } from "../model/geometry";
import { newId } from "../model/ids";
import { Value } from "../model/observable";
import type { HeatmapStyle } from "../model/prediction";
import { lookOf, type TermLook, termOfKey, termsById } from "../model/terms";
import type { ChangeSet } from "../store/changes";
import type {
  ClassStyle,
  SlideSession,
  ToolName,
  Workbench,
  WorkbenchLabels,
  WorkbenchOptions,
} from "../viewer/facade";
import type { Sketch } from "../viewer/sketch";
import { SlideViewer } from "../viewer/slideViewer";
import { EllipseTool, RectangleTool } from "./box";
import { FreehandTool } from "./freehand";
import { commandOf, isForPage } from "./keys";
import { LineTool, MeasureTool } from "./line";
import { PanTool } from "./pan";
import { PointTool } from "./point";
import { PolygonTool } from "./polygon";
import { PredictionDisplay } from "./predictions";
import { SelectTool } from "./select";
import type { Tool, ToolContext } from "./tool";

class SlideWorkbench implements Workbench {
  readonly tool = new Value<ToolName>("select");
  readonly selection = new Value<readonly string[]>([]);
  readonly draft = new Value<Geometry | null>(null);
  readonly activeTermId = new Value<string | null>(null);
  readonly hiddenLayerIds = new Value<ReadonlySet<string>>(new Set());
  readonly following = new Value<string | null>(null);
  readonly viewport: SlideViewer["viewport"];
  readonly pointer: SlideViewer["pointer"];
  readonly heatmapStyle: PredictionDisplay["style"];
  readonly predictionResults: PredictionDisplay["results"];
  readonly selectedPredictionPolygon: PredictionDisplay["selected"];

  private readonly session: SlideSession;
  private readonly viewer: SlideViewer;
  private readonly predictions: PredictionDisplay;
  private readonly tools: Readonly<Record<ToolName, Tool>>;
  private readonly closing = new AbortController();
  private readonly stops: (() => void)[] = [];
  private terms: ReadonlyMap<string, Term>;
  private editable: boolean;
  private comparedId: string | null = null;

  constructor(private readonly options: WorkbenchOptions) {
    const { container, slide, session, terms, labels, view } = options;
    this.session = session;
    this.terms = termsById(terms);
    this.editable = options.editable;
    this.activeTermId.set(inOrder(terms)[0]?.id ?? null);
    this.viewer = new SlideViewer({
      container,
      slide,
      labels,
      look: {
        terms,
        selected: new Set(),
        selectionColor: options.myColor,
        hiddenLayerIds: new Set(),
        hiddenIds: new Set(),
      },
      annotationById: (id) => this.annotation(id),
      ...(view === undefined ? {} : { view }),
    });
    this.viewport = this.viewer.viewport;
    this.pointer = this.viewer.pointer;
    this.predictions = new PredictionDisplay(this.viewer, session);
    this.heatmapStyle = this.predictions.style;
    this.predictionResults = this.predictions.results;
    this.selectedPredictionPolygon = this.predictions.selected;
    this.tools = toolsFor(this.toolContext());
    this.viewer.annotations.apply(session.annotations.getSnapshot().byId.values(), []);
    this.listen();
    this.setTool("select");
  }

  // ---- tools and selection ----

  setTool(name: ToolName): void {
    if (this.tools[name].edits && !this.editable) return;
    this.tools[this.tool.getSnapshot()].leave();
    this.tool.set(name);
    const tool = this.tools[name];
    this.viewer.setPointerHandler(tool, tool.cursor);
    tool.refresh();
    this.session.setPresence({ tool: name });
  }

  setTerms(terms: readonly Term[]): void {
    this.terms = termsById(terms);
    this.viewer.annotations.setLook({ terms });
    const active = this.activeTermId.getSnapshot();
    if (active === null || !this.terms.has(active)) this.activeTermId.set(inOrder(terms)[0]?.id ?? null);
  }

  setActiveTerm(termId: string | null): void {
    this.activeTermId.set(termId);
    if (!this.editable) return;
    const changed = this.selected().filter((annotation) => annotation.termId !== termId && !annotation.locked);
    this.session.apply(changed.map(({ id }): AnnotationOp => ({ type: "update", id, termId })));
  }

  setSelection(ids: readonly string[]): void {
    const before = this.selection.getSnapshot();
    if (ids.length === before.length && ids.every((id, index) => id === before[index])) return;
    this.selection.set(ids);
    if (ids.length > 0) this.predictions.select(null, false);
    this.viewer.annotations.setLook({ selected: new Set(ids) });
    this.session.setPresence({ selection: ids });
    this.currentTool().refresh();
  }

  deleteSelection(): void {
    if (!this.editable) return;
    const unlocked = this.selected().filter((annotation) => !annotation.locked);
    this.session.apply(unlocked.map(({ id }): AnnotationOp => ({ type: "delete", id })));
  }

  setLayerVisible(layerId: string, visible: boolean): void {
    const hidden = new Set(this.hiddenLayerIds.getSnapshot());
    if (visible) hidden.delete(layerId);
    else hidden.add(layerId);
    this.hiddenLayerIds.set(hidden);
    this.viewer.annotations.setLook({ hiddenLayerIds: hidden });
    if (this.predictionResults.getSnapshot().layerId === layerId) this.predictions.setPolygonsVisible(visible);
    this.setSelection(this.selection.getSnapshot().filter((id) => !hidden.has(this.annotation(id)?.layerId ?? "")));
  }

  setMyColor(color: string): void {
    this.viewer.annotations.setLook({ selectionColor: color });
  }

  setLabels(labels: WorkbenchLabels): void {
    this.viewer.setLabels(labels);
  }

  setEditable(editable: boolean): void {
    this.editable = editable;
    if (!editable && this.currentTool().edits) this.setTool("select");
    else this.currentTool().refresh();
  }

  // ---- moving about ----

  fit(): void {
    this.viewer.camera.fit();
  }

  fitBounds(bounds: Bounds, options: { readonly animate?: boolean } = {}): void {
    this.viewer.camera.fitBounds(bounds, options);
  }

  fitAnnotation(id: string): void {
    const annotation = this.annotation(id);
    if (annotation !== undefined) this.viewer.camera.fitBounds(annotation.bounds);
  }

  zoomToMagnification(magnification: number): void {
    this.viewer.camera.zoomToMagnification(magnification);
  }

  zoomBy(steps: number): void {
    this.viewer.camera.zoomBy(steps);
  }

  panTo(position: Position): void {
    this.viewer.camera.panTo(position);
  }

  rotateTo(degrees: number): void {
    this.viewer.camera.rotateTo(degrees);
  }

  follow(clientId: string | null): void {
    this.following.set(clientId);
    this.goWithFollowed();
  }

  compareConflict(annotationId: string | null): void {
    this.comparedId = annotationId;
    const conflict = this.session.conflicts.getSnapshot().find((candidate) => candidate.annotationId === annotationId);
    const mine = conflict?.mine ?? null;
    this.viewer.setGhost(mine === null ? null : mine.geometry);
    const shown = [mine, conflict?.theirs ?? null].filter((side) => side !== null);
    if (annotationId !== null && shown.length > 0) this.viewer.camera.fitAll(shown.map(({ bounds }) => bounds));
  }

  // ---- predictions ----

  showPrediction(predictionId: string | null, classes: readonly ClassStyle[]): void {
    this.predictions.show(predictionId, classes);
  }

  setHeatmapStyle(style: Partial<HeatmapStyle>): void {
    this.predictions.setStyle(style);
  }

  selectPredictionPolygon(index: number | null, { goThere = false }: { readonly goThere?: boolean } = {}): void {
    if (index !== null) this.setSelection([]);
    this.predictions.select(index, goThere);
  }

  setPredictionPolygonsVisible(visible: boolean): void {
    this.predictions.setPolygonsVisible(visible);
  }

  acceptPredictionPolygons(indexes: readonly number[], termId: string | null): void {
    if (this.editable) this.predictions.accept(indexes, termId);
  }

  rejectPredictionPolygons(indexes: readonly number[]): void {
    this.predictions.reject(indexes);
  }

  snapshot(): Promise<Blob> {
    return this.viewer.snapshot();
  }

  // ---- keys ----

  handleKey(event: KeyboardEvent): boolean {
    if (this.currentTool().key(event)) return true;
    const command = commandOf(event);
    if (command === null) return false;
    switch (command.kind) {
      case "tool":
        this.setTool(command.tool);
        return true;
      case "undo":
        if (this.editable) this.session.undo();
        return true;
      case "redo":
        if (this.editable) this.session.redo();
        return true;
      case "delete":
        if (this.selection.getSnapshot().length === 0) return false;
        this.deleteSelection();
        return true;
      case "fit":
        this.viewer.camera.fit();
        return true;
      case "cancel":
        if (this.tool.getSnapshot() === "select") return false;
        this.setTool("select");
        return true;
      case "zoom":
        this.viewer.camera.zoomBy(command.steps);
        return true;
      case "pan":
        this.viewer.camera.panBy(command.dx, command.dy);
        return true;
      case "term": {
        const term = termOfKey([...this.terms.values()], command.key);
        if (term === undefined) return false;
        this.setActiveTerm(term.id);
        return true;
      }
    }
  }

  close(): void {
    this.closing.abort();
    for (const stop of this.stops) stop();
    this.currentTool().leave();
    this.predictions.close();
    this.viewer.close();
  }

  // ---- inside ----

  private listen(): void {
    const { session, viewer } = this;
    const { signal } = this.closing;
    this.stops.push(
      session.onAnnotationsChanged((changes) => this.annotationsChanged(changes)),
      session.people.subscribe(() => {
        viewer.setPeople(session.people.getSnapshot());
        this.goWithFollowed();
      }),
      session.conflicts.subscribe(() => {
        if (this.comparedId !== null) this.compareEndedConflict();
      }),
      viewer.viewport.subscribe(() => {
        session.setPresence({ viewport: viewer.viewport.getSnapshot().bounds });
        this.currentTool().refresh();
      }),
      viewer.pointer.subscribe(() => session.setPresence({ cursor: viewer.pointer.getSnapshot() })),
      viewer.camera.ownMoves.subscribe(() => this.following.set(null)),
    );
    viewer.setPeople(session.people.getSnapshot());
    session.setPresence({ viewport: viewer.viewport.getSnapshot().bounds });

    document.addEventListener(
      "keydown",
      (event) => {
        if (event.defaultPrevented || isForPage(event)) return;
        if (event.key === " ") viewer.setPanning(true);
        else if (!this.handleKey(event)) return;
        event.preventDefault();
      },
      { signal },
    );
    document.addEventListener(
      "keyup",
      (event) => {
        if (event.key === " ") viewer.setPanning(false);
      },
      { signal },
    );
    window.addEventListener("blur", () => viewer.setPanning(false), { signal });
  }

  private annotationsChanged({ created, updated, deleted }: ChangeSet): void {
    this.viewer.annotations.apply(
      [...created, ...updated.map(({ after }) => after)],
      deleted.map(({ id }) => id),
    );
    if (deleted.length > 0) {
      const gone = new Set(deleted.map(({ id }) => id));
      this.setSelection(this.selection.getSnapshot().filter((id) => !gone.has(id)));
    }
    this.currentTool().refresh();
  }

  private compareEndedConflict(): void {
    const open = this.session.conflicts.getSnapshot().some(({ annotationId }) => annotationId === this.comparedId);
    if (!open) this.compareConflict(null);
  }

  private goWithFollowed(): void {
    const followed = this.following.getSnapshot();
    if (followed === null) return;
    const person = this.session.people.getSnapshot().find(({ clientId }) => clientId === followed);
    if (person === undefined) this.following.set(null);
    else if (person.viewport !== null) this.viewer.camera.showBounds(person.viewport);
  }

  private currentTool(): Tool {
    return this.tools[this.tool.getSnapshot()];
  }

  private annotation(id: string): Annotation | undefined {
    return this.session.annotations.getSnapshot().byId.get(id);
  }

  private selected(): readonly Annotation[] {
    return this.selection
      .getSnapshot()
      .map((id) => this.annotation(id))
      .filter((annotation) => annotation !== undefined);
  }

  private visible(): readonly Annotation[] {
    const hidden = this.hiddenLayerIds.getSnapshot();
    return [...this.session.annotations.getSnapshot().byId.values()].filter(({ layerId }) => !hidden.has(layerId));
  }

  private look(): TermLook {
    const id = this.activeTermId.getSnapshot();
    return lookOf(id === null ? undefined : this.terms.get(id));
  }

  private create(kind: GeometryKind, geometry: Geometry): void {
    const id = newId();
    this.session.apply([
      { type: "create", id, kind, geometry: roundPositions(geometry), termId: this.activeTermId.getSnapshot() },
    ]);
    this.setSelection([id]);
  }

  private sketch(sketch: Sketch, draft: Geometry | null, stroke?: readonly Position[]): void {
    this.viewer.setSketch(sketch);
    if (draft === null && this.draft.getSnapshot() === null) return;
    this.draft.set(draft);
    this.session.setPresence({ stroke: draft === null ? null : (stroke ?? pathsOf(draft)[0] ?? null) });
  }

  private toolContext(): ToolContext {
    const bench = this;
    return {
      scale: this.options.slide,
      get locale() {
        return document.documentElement.lang || "en";
      },
      get editable() {
        return bench.editable;
      },
      get look() {
        return bench.look();
      },
      get selection() {
        return bench.selection.getSnapshot();
      },
      get downsample() {
        return bench.viewer.camera.screenView().downsample;
      },
      annotation: (id) => this.annotation(id),
      lookOf: (annotation) => this.viewer.annotations.lookOf(annotation),
      annotationAt: (position, tolerance) => topmost(this.visible(), this.selection.getSnapshot(), position, tolerance),
      annotationsWithin: ([a, b]) => {
        const box = boundsFromCorners(a, b);
        return this.visible().filter(({ bounds }) => boundsContain(box, bounds));
      },
      create: (kind, geometry) => this.create(kind, geometry),
      apply: (ops) => this.session.apply(ops.map(rounded)),
      select: (ids) => this.setSelection(ids),
      selectPrediction: (position, tolerance) => this.predictions.selectAt(position, tolerance),
      sketch: (sketch, draft, stroke) => this.sketch(sketch, draft, stroke),
      hide: (ids) => this.viewer.annotations.setLook({ hiddenIds: new Set(ids) }),
      cursor: (cursor) => this.viewer.setCursor(cursor),
    };
  }
}

/** Opens the slide in an empty, sized element. */
export function openWorkbench(options: WorkbenchOptions): Workbench {
  return new SlideWorkbench(options);
}

function toolsFor(context: ToolContext): Readonly<Record<ToolName, Tool>> {
  return {
    select: new SelectTool(context),
    pan: new PanTool(context),
    point: new PointTool(context),
    line: new LineTool(context),
    rectangle: new RectangleTool(context),
    ellipse: new EllipseTool(context),
    polygon: new PolygonTool(context),
    freehand: new FreehandTool(context),
    measure: new MeasureTool(context),
  };
}

/** What is selected first, then the smallest: the largest outline never covers what lies in it. */
function topmost(
  visible: readonly Annotation[],
  selection: readonly string[],
  position: Position,
  tolerance: number,
): Annotation | undefined {
  const [x, y] = position;
  const around: Bounds = [x - tolerance, y - tolerance, x + tolerance, y + tolerance];
  const rank = ({ id, areaPx }: Annotation) => (selection.includes(id) ? -1 : areaPx);
  return visible
    .filter(({ bounds, geometry }) => boundsIntersect(bounds, around) && hits(geometry, position, tolerance))
    .sort((a, b) => rank(a) - rank(b))[0];
}

function rounded(op: AnnotationOp): AnnotationOp {
  return op.type === "update" && op.geometry !== undefined ? { ...op, geometry: roundPositions(op.geometry) } : op;
}

function inOrder(terms: readonly Term[]): readonly Term[] {
  return [...terms].sort((a, b) => a.position - b.position);
}
