/** What a tool is, and what it may use. A tool is a small state machine over pointer and keys; it knows no map and no network. */
import type { Annotation, AnnotationOp, Bounds, Geometry, GeometryKind, Position } from "../model/annotation";
import type { TermLook } from "../model/terms";
import type { Unfinished } from "../model/unfinished";
import type { Scale } from "../model/units";
import type { CommandNote } from "../viewer/commandFacade";
import type { ToolName } from "../viewer/facade";
import type { PointerHandler, ToolPointer } from "../viewer/pointer";
import type { ViewRaster } from "../viewer/raster";
import type { Sketch } from "../viewer/sketch";

export interface ToolContext {
  readonly scale: Scale;
  /** BCP 47, for numbers in labels. */
  readonly locale: string;
  /** Whether this user may change annotations. */
  readonly editable: boolean;
  /** How a new shape will look. */
  readonly look: TermLook;
  readonly selection: readonly string[];
  /** Level-0 pixels per screen pixel now. */
  readonly downsample: number;
  annotation(id: string): Annotation | undefined;
  lookOf(annotation: Annotation): TermLook;
  /** The topmost visible annotation within `tolerance` level-0 pixels of a position; what is selected comes first, then the smallest. */
  annotationAt(position: Position, tolerance: number): Annotation | undefined;
  /** Visible annotations that lie wholly in a box. */
  annotationsWithin(corners: readonly [Position, Position]): readonly Annotation[];
  /** Visible annotations in or partly in bounds, in the order of creation. */
  annotationsIn(bounds: Bounds): readonly Annotation[];
  /** What new shapes get. */
  readonly activeTermId: string | null;
  /** What is seen of the slide. */
  readonly view: Bounds;
  /** Adds a shape with the active term and, by default, selects it. Answers its id. */
  create(kind: GeometryKind, geometry: Geometry, options?: { readonly select: boolean }): string;
  apply(ops: readonly AnnotationOp[]): void;
  select(ids: readonly string[]): void;
  /** A predicted polygon under the pointer, if any, becomes the selected one. */
  selectPrediction(position: Position, tolerance: number): boolean;
  /** Shows what is being drawn, and the others its outline, or `stroke` where that is not yet closed. */
  sketch(sketch: Sketch, draft: Geometry | null, stroke?: readonly Position[]): void;
  /** Hides annotations that the sketch shows instead. */
  hide(ids: readonly string[]): void;
  cursor(cursor: string): void;
  /** The slide as it is seen, to calculate with. */
  pixels(): ViewRaster;
  /** The probabilities that are shown, and where outlines begin; `null` without a prediction. */
  probabilities(): { readonly raster: ViewRaster; readonly threshold: number } | null;
  /** A message in passing. */
  tell(code: CommandNote["code"], count?: number): void;
}

export interface Tool extends PointerHandler {
  readonly name: ToolName;
  readonly cursor: string;
  /** Whether it changes annotations, so that viewers without the right can't choose it. */
  readonly edits: boolean;
  /** The key was used. */
  key(event: KeyboardEvent): boolean;
  /** View, selection or annotations changed: what it shows may have to change too. */
  refresh(): void;
  /** It is taken in hand. */
  enter(): void;
  /** What would be lost if the page ended now; `null` when nothing is under way. */
  unfinished(): Unfinished | null;
  /** Goes on with what an earlier page left. */
  resume(work: Unfinished): void;
  /** Another tool takes over: whatever is unfinished is dropped. */
  leave(): void;
}

/** A tool that does nothing; the others say only what they do. */
export abstract class IdleTool implements Tool {
  abstract readonly name: ToolName;
  readonly cursor: string = "default";
  readonly edits: boolean = true;

  constructor(protected readonly context: ToolContext) {}

  press(_pointer: ToolPointer): boolean {
    return false;
  }

  drag(_pointer: ToolPointer): void {}

  release(_pointer: ToolPointer, _moved: boolean): void {}

  cancel(): void {}

  hover(_pointer: ToolPointer): void {}

  click(_pointer: ToolPointer): void {}

  doubleClick(_pointer: ToolPointer): boolean {
    return false;
  }

  key(_event: KeyboardEvent): boolean {
    return false;
  }

  refresh(): void {}

  enter(): void {}

  unfinished(): Unfinished | null {
    return null;
  }

  resume(_work: Unfinished): void {}

  leave(): void {
    this.cancel();
  }
}
