/**
 * What the panels may use of the viewer, the tools and the live session: interfaces only.
 *
 * The panels open a session (`openSlideSession` of `sync/`), then a workbench upon it (`openWorkbench` of `tools/`), which puts the viewer into
 * an empty, sized element. Everything that changes is an `Observable`, made for `useSyncExternalStore`. Pointer traffic never comes out here.
 */
import type { Annotation, AnnotationOp, Bounds, Geometry, Layer, Position, Term } from "../model/annotation";
import type { Failure } from "../model/failure";
import type { Standpoint } from "../model/linkedViews";
import type { Observable } from "../model/observable";
import type { OutlineRows } from "../model/outlineRows";
import type { Outlines } from "../model/outlines";
import type { PictureLook } from "../model/pictureLook";
import type { Glimpse, HeatmapStyle, HeatmapTile, Prediction } from "../model/prediction";
import type { PresenceUpdate, PresentPerson } from "../model/presence";
import type { SlideFacts } from "../model/slide";
import type { Unfinished } from "../model/unfinished";
import type { ChangeSet } from "../store/changes";
import type { CommandDesk } from "./commandFacade";

// ---- the live session: sync/index.ts -------------------------------------------------------------------------------------------------------

/** `id → annotation`, everything that is not deleted, in the order of creation; a new object whenever anything changed. */
export interface AnnotationsSnapshot {
  readonly revision: number;
  readonly byId: ReadonlyMap<string, Annotation>;
  readonly layers: readonly Layer[];
}

export type Connection = "connecting" | "live" | "offline";
export type Saving = "saved" | "saving" | "offline";

export interface SessionStatus {
  readonly connection: Connection;
  readonly saving: Saving;
  /** Mutations not yet acknowledged by the server. */
  readonly unsaved: number;
  /** How much of what waited has been sent, 0 to 1, while it is so much that it takes a while; else `null`. */
  readonly progress: number | null;
  /** What is unsaved would survive a crash of this tab; false where the browser refuses to store it. */
  readonly durable: boolean;
  /** Round trip over the socket in milliseconds; `null` before the first answer. */
  readonly latencyMs: number | null;
  /** The slide's sequence as far as this client has followed it. */
  readonly seq: number;
  readonly loading: boolean;
}

/** Two people changed the same outline; nothing is lost until the user chooses. */
export interface ConflictView {
  readonly annotationId: string;
  /** What I drew; `null` when I deleted it. */
  readonly mine: Annotation | null;
  /** What the server holds; `null` when they deleted it. */
  readonly theirs: Annotation | null;
  /** Who was first, when known. */
  readonly by: string | null;
  /** Whether `merge` is possible: both are areas. */
  readonly canMerge: boolean;
}

/** Something to tell in passing, never a modal; `code` is for translating. */
export interface SessionNotice {
  readonly id: string;
  readonly tone: "info" | "warning" | "error";
  readonly code: string;
  readonly message: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** "Predict here": what the model sees in one view. */
export type GlimpseState =
  | { readonly phase: "none" }
  | { readonly phase: "asking" }
  | { readonly phase: "shown"; readonly model: string }
  | { readonly phase: "failed"; readonly failure: Failure };

export interface SlideSession {
  readonly slideId: string;
  readonly clientId: string;
  readonly status: Observable<SessionStatus>;
  readonly annotations: Observable<AnnotationsSnapshot>;
  /** The others, without oneself. */
  readonly people: Observable<readonly PresentPerson[]>;
  /** Whether I ask everyone to follow me. */
  readonly presenting: Observable<boolean>;
  readonly conflicts: Observable<readonly ConflictView[]>;
  /** The newest first. */
  readonly predictions: Observable<readonly Prediction[]>;
  readonly notices: Observable<readonly SessionNotice[]>;
  readonly undoState: Observable<{ readonly canUndo: boolean; readonly canRedo: boolean }>;
  /** Becomes true when somebody deleted the slide or my access ended. */
  readonly ended: Observable<boolean>;
  /** Counts up when the slide's own facts changed (name, mpp, …): fetch them again. */
  readonly slideRevision: Observable<number>;
  /** Counts up when comments changed. */
  readonly commentsRevision: Observable<number>;

  /** Shows the change at once and sends it; keeps it and tries again while the line is down. */
  apply(ops: readonly AnnotationOp[]): void;
  undo(): void;
  redo(): void;
  keepMine(annotationId: string): void;
  takeTheirs(annotationId: string): void;
  merge(annotationId: string): void;
  setPresence(update: PresenceUpdate): void;
  /** Asks everyone to follow me, or no more; nothing while somebody else presents. */
  present(presenting: boolean): void;
  /** What changed and whose doing it was, for those who keep a copy; a snapshot is enough for everyone else. */
  onAnnotationsChanged(listener: (changes: ChangeSet) => void): () => void;
  /** Heatmap tiles that are new; `null` when news may have been missed and all are to be looked at again. */
  onHeatmapTiles(listener: (prediction: Prediction, tiles: readonly HeatmapTile[] | null) => void): () => void;
  /** All outlines of a layer; for prediction layers, which are too many for records. */
  loadOutlines(layerId: string, signal: AbortSignal): Promise<Outlines>;
  /** What a model sees in a region, `[x, y, width, height]` in level-0 pixels. Rejects with an error that has a `failure`. */
  glimpse(
    region: readonly [number, number, number, number],
    model: string | null,
    signal: AbortSignal,
  ): Promise<Glimpse>;
  dismissNotice(id: string): void;
  close(): void;
}

// ---- the workbench: tools/index.ts ---------------------------------------------------------------------------------------------------------

export type ToolName =
  | "select"
  | "pan"
  | "point"
  | "line"
  | "rectangle"
  | "ellipse"
  | "polygon"
  | "freehand"
  | "brush"
  | "eraser"
  | "measure"
  | "transform"
  | "spline"
  | "count"
  | "hole"
  | "split"
  | "wand";

export interface ViewportState {
  readonly center: Position;
  /** Level-0 pixels per screen pixel. */
  readonly downsample: number;
  readonly rotationDegrees: number;
  readonly bounds: Bounds;
  /** As in "10×"; `null` when neither objective power nor mpp is known. */
  readonly magnification: number | null;
}

/** The polygons of the prediction that is shown, the largest first. */
export interface PredictionResults {
  readonly layerId: string | null;
  readonly loading: boolean;
  /** Without those accepted (they are annotations now) or rejected. */
  readonly polygons: OutlineRows;
  /** Why they could not be loaded; they are tried again with the next news. */
  readonly error: string | null;
}

/** Texts inside the canvas frame, in the reader's language. */
export interface WorkbenchLabels {
  readonly viewer: string;
  readonly minimap: string;
  readonly scaleBar: string;
  readonly magnification: string;
  readonly fit: string;
  readonly unknownScale: string;
}

/** One class of the model, in the order of its class numbers. */
export interface ClassStyle {
  readonly name: string;
  readonly color: string;
  readonly positive: boolean;
}

/** How the annotations of one layer are drawn. */
export interface LayerLook {
  /** 0..1. */
  readonly opacity: number;
  /** False draws outlines alone. */
  readonly filled: boolean;
}

export interface Workbench {
  readonly tool: Observable<ToolName>;
  readonly viewport: Observable<ViewportState>;
  /** Where the pointer is; `null` outside the slide area. At most once a frame: safe for a status bar. */
  readonly pointer: Observable<Position | null>;
  readonly selection: Observable<readonly string[]>;
  /** What is being drawn or edited now, for the live measure; `null` otherwise. */
  readonly draft: Observable<Geometry | null>;
  readonly activeTermId: Observable<string | null>;
  readonly hiddenLayerIds: Observable<ReadonlySet<string>>;
  /** Of the layers that are not drawn as usual. */
  readonly layerLooks: Observable<ReadonlyMap<string, LayerLook>>;
  /** How the slide's own pixels are shown to this reader. */
  readonly pictureLook: Observable<PictureLook>;
  readonly heatmapStyle: Observable<HeatmapStyle>;
  readonly predictionResults: Observable<PredictionResults>;
  /** Exactly how many predicted outlines there are, and how many of them in the view; `null` when none are shown. */
  readonly predictionCounts: Observable<{ readonly all: number; readonly within: number } | null>;

  setTool(tool: ToolName): void;
  setTerms(terms: readonly Term[]): void;
  /** The term new shapes get; with a selection it is also given to what is selected. */
  setActiveTerm(termId: string | null): void;
  setSelection(ids: readonly string[]): void;
  deleteSelection(): void;
  setLayerVisible(layerId: string, visible: boolean): void;
  setLayerLook(layerId: string, look: LayerLook): void;
  setPictureLook(change: Partial<PictureLook>): void;
  /** Who I am: colour of my own selection. */
  setMyColor(color: string): void;
  setLabels(labels: WorkbenchLabels): void;
  /** A false value lets one look but not draw (VIEWER). */
  setEditable(editable: boolean): void;

  fit(): void;
  fitBounds(bounds: Bounds, options?: { readonly animate?: boolean }): void;
  fitAnnotation(id: string): void;
  zoomToMagnification(magnification: number): void;
  /** Draws my side of a conflict dashed over theirs, and goes there; `null` ends it. */
  compareConflict(annotationId: string | null): void;
  /** By steps of two: +1 is twice as near. */
  zoomBy(steps: number): void;
  panTo(position: Position): void;
  rotateTo(degrees: number): void;
  /** Goes along with another client's viewport until the next own pan; `null` stops. Who presents is followed without being asked. */
  follow(clientId: string | null): void;
  readonly following: Observable<string | null>;
  /** What an earlier page left in the middle of drawing, and is offered; `null` for nothing. */
  readonly unfinished: Observable<Unfinished | null>;
  /** Goes on with it, or forgets it. */
  resumeUnfinished(): void;
  discardUnfinished(): void;
  /** What can be done to the selection. */
  readonly commands: CommandDesk;

  /** Which prediction is shown as overlay and polygons; `null` for none. */
  showPrediction(predictionId: string | null, classes: readonly ClassStyle[]): void;
  readonly glimpse: Observable<GlimpseState>;
  /** Asks what the model sees in the present view, and shows it until it is ended or asked anew. */
  predictHere(model: string | null): void;
  endGlimpse(): void;
  setHeatmapStyle(style: Partial<HeatmapStyle>): void;
  /** The predicted polygon that was clicked on the slide or chosen from the list. */
  readonly selectedPredictionPolygon: Observable<number | null>;
  selectPredictionPolygon(index: number | null, options?: { readonly goThere?: boolean }): void;
  setPredictionPolygonsVisible(visible: boolean): void;
  /** Takes predicted polygons over as annotations of my own, as one operation; `termOf` gives the term of each. */
  acceptPredictionPolygons(indexes: readonly number[], termOf: (index: number) => string | null): void;
  /** Hides predicted polygons from view and list. */
  rejectPredictionPolygons(indexes: readonly number[]): void;

  /** Shows a second slide in an empty, sized element; close it before the workbench. */
  openBeside(options: BesideOptions): Beside;
  /** The view as a PNG, without panels. */
  snapshot(): Promise<Blob>;
  /** Returns whether the key was used; the workbench listens on its own element and, unless a text field has the focus, on the page. */
  handleKey(event: KeyboardEvent): boolean;
  close(): void;
}

/** A second slide beside the first, whose view goes along while they are linked. */
export interface Beside {
  readonly viewport: Observable<ViewportState>;
  readonly linked: Observable<boolean>;
  /** Links the places that both views show at that moment, or lets each go by itself. */
  setLinked(linked: boolean): void;
  setTerms(terms: readonly Term[]): void;
  setLabels(labels: WorkbenchLabels): void;
  close(): void;
}

export interface BesideOptions {
  readonly container: HTMLElement;
  readonly slide: SlideFacts;
  readonly session: SlideSession;
  readonly terms: readonly Term[];
  readonly labels: WorkbenchLabels;
  readonly pictureLook: PictureLook;
  readonly linked: boolean;
  /** An initial view, from a link. */
  readonly view?: Standpoint;
}

export interface WorkbenchOptions {
  readonly container: HTMLElement;
  readonly slide: SlideFacts;
  readonly session: SlideSession;
  readonly terms: readonly Term[];
  /** Whose unfinished shapes are kept and offered. */
  readonly userId: string;
  readonly myColor: string;
  readonly labels: WorkbenchLabels;
  readonly editable: boolean;
  /** How the picture looks from the start. */
  readonly pictureLook?: PictureLook;
  /** An initial view, from a link. */
  readonly view?: Standpoint;
}

export type OpenWorkbench = (options: WorkbenchOptions) => Workbench;

// ---- uploads: sync/uploads.ts --------------------------------------------------------------------------------------------------------------

export type UploadPhase = "waiting" | "sending" | "paused" | "checking" | "done" | "failed";

export interface UploadState {
  readonly filename: string;
  readonly phase: UploadPhase;
  readonly sentBytes: number;
  readonly totalBytes: number;
  readonly bytesPerSecond: number | null;
  readonly secondsLeft: number | null;
  /** How much of a flat picture the server has made into a pyramid, 0 to 1; null while it makes none. */
  readonly converted: number | null;
  /** The tus upload's id, which `Query.uploads` lists too, once the server has given it. */
  readonly uploadId: string | null;
  /** Set when `phase` is "failed": the server's own words, `code` for translating. */
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly params: Readonly<Record<string, unknown>>;
  } | null;
}

export interface UploadTask {
  readonly state: Observable<UploadState>;
  pause(): void;
  resume(): void;
  /** Ends it and removes what the server holds of it. */
  abort(): Promise<void>;
}

// The ways in, as exported:
//   sync/index.ts   connect(options?): GraphqlConnection      `.client` is the urql Client for the panels' own queries and mutations
//                   openSlideSession(connection, { slideId, me }): SlideSession
//                   startUpload(file, { projectId }): UploadTask
//   tools/index.ts  openWorkbench(options: WorkbenchOptions): Workbench
