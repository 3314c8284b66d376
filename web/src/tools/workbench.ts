/** Viewer, tools and session as one table to work at: what the panels hold in their hands. */
import type { Bounds, Geometry, Position, Term } from "../model/annotation";
import { newId } from "../model/ids";
import { Value } from "../model/observable";
import { type PictureLook, PLAIN_LOOK } from "../model/pictureLook";
import type { HeatmapStyle } from "../model/prediction";
import type { SlideFacts } from "../model/slide";
import type { ChangeSet } from "../store/changes";
import { Drafts } from "../store/drafts";
import type {
  Beside,
  BesideOptions,
  ClassStyle,
  LayerLook,
  SlideSession,
  ToolName,
  Workbench,
  WorkbenchLabels,
  WorkbenchOptions,
} from "../viewer/facade";
import { SlideViewer } from "../viewer/slideViewer";
import { ActiveTerm } from "./activeTerm";
import { SlideBeside } from "./beside";
import { SelectionCommands } from "./commands";
import { ConflictComparison } from "./conflictComparison";
import { Following } from "./following";
import { Keyboard } from "./keyboard";
import { Notes } from "./notes";
import { PredictHere } from "./predictHere";
import { PredictionDisplay } from "./predictions";
import { sharePresence } from "./presence";
import { Selection } from "./selection";
import { Toolbox } from "./toolbox";
import { UnfinishedWork } from "./unfinishedWork";
import { VisibleAnnotations } from "./visibleAnnotations";
import { WorkbenchContext } from "./workbenchContext";

/** The others are told of so many selected annotations. */
const MOST_SHARED = 1_000;

class SlideWorkbench implements Workbench {
  readonly tool: Value<ToolName>;
  readonly selection: Value<readonly string[]>;
  readonly draft: Value<Geometry | null>;
  readonly activeTermId: Value<string | null>;
  readonly hiddenLayerIds: Value<ReadonlySet<string>>;
  readonly layerLooks = new Value<ReadonlyMap<string, LayerLook>>(new Map());
  readonly following: Value<string | null>;
  readonly commands: SelectionCommands;
  readonly pictureLook = new Value<PictureLook>(PLAIN_LOOK);
  readonly viewport: SlideViewer["viewport"];
  readonly pointer: SlideViewer["pointer"];
  readonly heatmapStyle: PredictionDisplay["style"];
  readonly predictionResults: PredictionDisplay["results"];
  readonly predictionCounts: PredictionDisplay["counts"];
  readonly glimpse: PredictHere["state"];
  readonly selectedPredictionPolygon: PredictionDisplay["selected"];

  readonly unfinished: UnfinishedWork["offered"];

  private readonly session: SlideSession;
  private readonly slide: SlideFacts;
  private readonly viewer: SlideViewer;
  private readonly predictions: PredictionDisplay;
  private readonly here: PredictHere;
  private readonly activeTerm: ActiveTerm;
  private readonly visible: VisibleAnnotations;
  private readonly selected: Selection;
  private readonly toolbox: Toolbox;
  private readonly followed: Following;
  private readonly comparison: ConflictComparison;
  private readonly keyboard: Keyboard;
  private readonly work: UnfinishedWork;
  private readonly editable: Value<boolean>;
  private readonly stops: (() => void)[];

  constructor(options: WorkbenchOptions) {
    const { slide, session, terms } = options;
    this.session = session;
    this.slide = slide;
    this.editable = new Value(options.editable);
    this.viewer = viewerFor(options);
    this.predictions = new PredictionDisplay(this.viewer, session);
    this.here = new PredictHere(this.viewer, session, slide, (change) => this.predictions.setStyle(change));
    this.glimpse = this.here.state;
    this.visible = new VisibleAnnotations(session.annotations);
    this.selected = new Selection(session, this.editable, (ids) => this.selectionChanged(ids));
    this.activeTerm = new ActiveTerm(terms, this.selected);
    const { viewer, predictions, activeTerm, visible, selected: selection, editable } = this;
    const parts = { viewer, session, predictions, activeTerm, visible, selection, editable, notes: new Notes() };
    const context = new WorkbenchContext({ scale: slide, ...parts });
    this.commands = new SelectionCommands({ slide, ...parts });
    this.toolbox = new Toolbox(context, viewer, session);
    this.followed = new Following(viewer.camera, session, () => context.draft.getSnapshot() !== null);
    this.comparison = new ConflictComparison(viewer, session);

    this.tool = this.toolbox.name;
    this.selection = selection.ids;
    this.draft = context.draft;
    this.activeTermId = activeTerm.id;
    this.hiddenLayerIds = visible.hiddenLayerIds;
    this.following = this.followed.clientId;
    this.viewport = viewer.viewport;
    this.pointer = viewer.pointer;
    this.heatmapStyle = predictions.style;
    this.predictionResults = predictions.results;
    this.predictionCounts = predictions.counts;
    this.selectedPredictionPolygon = predictions.selected;

    if (options.pictureLook !== undefined) this.setPictureLook(options.pictureLook);
    const drafts = new Drafts(options.userId, slide.id, newId());
    const exists = (id: string) => session.annotations.getSnapshot().byId.has(id);
    this.work = new UnfinishedWork({ drafts, viewer, toolbox: this.toolbox, editable, exists });
    this.unfinished = this.work.offered;
    context.onSketch = (drawing) => this.work.noteSketch(drawing);

    viewer.annotations.apply(session.annotations.getSnapshot().byId.values(), []);
    this.stops = [
      session.onAnnotationsChanged((changes) => this.annotationsChanged(changes)),
      sharePresence(viewer, session),
      viewer.viewport.subscribe(() => this.toolbox.current.refresh()),
      activeTerm.id.subscribe(() => this.toolbox.current.refresh()),
    ];
    this.keyboard = new Keyboard({ ...parts, toolbox: this.toolbox, commands: this.commands });
    this.stops.push(this.commands.prepare());
  }

  // ---- tools and selection ----

  setTool(name: ToolName): void {
    this.toolbox.take(name);
  }

  setTerms(terms: readonly Term[]): void {
    this.viewer.annotations.setLook({ terms });
    this.activeTerm.setTerms(terms);
  }

  setActiveTerm(termId: string | null): void {
    this.activeTerm.choose(termId);
  }

  setSelection(ids: readonly string[]): void {
    this.selected.set(ids);
  }

  deleteSelection(): void {
    this.selected.delete();
  }

  setLayerVisible(layerId: string, visible: boolean): void {
    this.visible.setLayerVisible(layerId, visible);
    this.viewer.annotations.setLook({ hiddenLayerIds: this.hiddenLayerIds.getSnapshot() });
    if (this.predictionResults.getSnapshot().layerId === layerId) this.predictions.setPolygonsVisible(visible);
    const { byId } = this.session.annotations.getSnapshot();
    this.selected.keepOnly((id) => this.visible.isVisible(byId.get(id)));
  }

  setLayerLook(layerId: string, look: LayerLook): void {
    this.layerLooks.update((looks) => new Map(looks).set(layerId, look));
    this.viewer.annotations.setLook({ layerLooks: this.layerLooks.getSnapshot() });
  }

  setPictureLook(change: Partial<PictureLook>): void {
    this.pictureLook.update((look) => ({ ...look, ...change }));
    this.viewer.setPictureLook(this.pictureLook.getSnapshot());
  }

  setMyColor(color: string): void {
    this.viewer.annotations.setLook({ selectionColor: color });
  }

  setLabels(labels: WorkbenchLabels): void {
    this.viewer.setLabels(labels);
  }

  setEditable(editable: boolean): void {
    this.editable.set(editable);
    this.toolbox.editableChanged();
  }

  // ---- moving about ----

  fit(): void {
    this.viewer.camera.fit();
  }

  fitBounds(bounds: Bounds, options: { readonly animate?: boolean } = {}): void {
    this.viewer.camera.fitBounds(bounds, options);
  }

  fitAnnotation(id: string): void {
    const annotation = this.session.annotations.getSnapshot().byId.get(id);
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
    this.followed.follow(clientId);
  }

  compareConflict(annotationId: string | null): void {
    this.comparison.show(annotationId);
  }

  // ---- predictions ----

  showPrediction(predictionId: string | null, classes: readonly ClassStyle[]): void {
    this.predictions.show(predictionId, classes);
  }

  setHeatmapStyle(style: Partial<HeatmapStyle>): void {
    this.predictions.setStyle(style);
  }

  predictHere(model: string | null): void {
    if (this.editable.getSnapshot()) void this.here.ask(model);
  }

  endGlimpse(): void {
    this.here.end();
  }

  selectPredictionPolygon(index: number | null, { goThere = false }: { readonly goThere?: boolean } = {}): void {
    if (index !== null) this.setSelection([]);
    this.predictions.select(index, goThere);
  }

  setPredictionPolygonsVisible(visible: boolean): void {
    this.predictions.setPolygonsVisible(visible);
  }

  acceptPredictionPolygons(indexes: readonly number[], termOf: (index: number) => string | null): void {
    if (this.editable.getSnapshot()) this.predictions.accept(indexes, termOf);
  }

  rejectPredictionPolygons(indexes: readonly number[]): void {
    this.predictions.reject(indexes);
  }

  openBeside(options: BesideOptions): Beside {
    return new SlideBeside({ viewer: this.viewer, slide: this.slide }, options);
  }

  snapshot(): Promise<Blob> {
    return this.viewer.snapshot();
  }

  handleKey(event: KeyboardEvent): boolean {
    return this.keyboard.handle(event);
  }

  resumeUnfinished(): void {
    this.work.resume();
  }

  discardUnfinished(): void {
    this.work.putAway();
  }

  close(): void {
    this.work.close();
    this.keyboard.close();
    this.followed.close();
    this.comparison.close();
    for (const stop of this.stops) stop();
    this.toolbox.current.leave();
    this.here.end();
    this.predictions.close();
    this.viewer.close();
  }

  private annotationsChanged({ created, updated, deleted }: ChangeSet): void {
    this.viewer.annotations.apply(
      [...created, ...updated.map(({ after }) => after)],
      deleted.map(({ id }) => id),
    );
    if (deleted.length > 0) {
      const gone = new Set(deleted.map(({ id }) => id));
      this.selected.keepOnly((id) => !gone.has(id));
    }
    this.toolbox.current.refresh();
  }

  private selectionChanged(ids: readonly string[]): void {
    if (ids.length > 0) this.predictions.select(null, false);
    this.viewer.annotations.setLook({ selected: new Set(ids) });
    this.session.setPresence({ selection: ids.slice(0, MOST_SHARED) });
    this.commands.ask(null);
    this.toolbox.current.refresh();
  }
}

/** Opens the slide in an empty, sized element. */
export function openWorkbench(options: WorkbenchOptions): Workbench {
  return new SlideWorkbench(options);
}

function viewerFor({ container, slide, session, terms, labels, myColor, view }: WorkbenchOptions): SlideViewer {
  return new SlideViewer({
    container,
    slide,
    labels,
    look: { terms, selected: new Set(), selectionColor: myColor, hiddenLayerIds: new Set(), hiddenIds: new Set() },
    annotationById: (id) => session.annotations.getSnapshot().byId.get(id),
    ...(view === undefined ? {} : { view }),
  });
}
