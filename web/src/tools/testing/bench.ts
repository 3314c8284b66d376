/** A table without a map, for testing tools: keeps annotations in a list and remembers what a tool shows and does. */
import type { Annotation, AnnotationOp, Bounds, Geometry, GeometryKind, Position } from "../../model/annotation";
import { boundsContain, boundsFromCorners, boundsIntersect, boundsOf, hits } from "../../model/geometry";
import type { ToolPointer } from "../../viewer/pointer";
import type { ViewRaster } from "../../viewer/raster";
import { EMPTY_SKETCH, type Sketch } from "../../viewer/sketch";
import type { Tool, ToolContext } from "../tool";

export class TestBench implements ToolContext {
  readonly scale = { mppX: 0.5, mppY: 0.5 };
  readonly locale = "en";
  editable = true;
  readonly look = { color: "#ff0000", pattern: "solid" } as const;
  selection: readonly string[] = [];
  downsample = 1;
  readonly annotations: Annotation[] = [];
  readonly created: { readonly kind: GeometryKind; readonly geometry: Geometry }[] = [];
  readonly applied: AnnotationOp[] = [];
  readonly strokes: (readonly Position[] | undefined)[] = [];
  sketched: Sketch = EMPTY_SKETCH;
  draft: Geometry | null = null;
  hidden: readonly string[] = [];
  shownCursor = "";
  readonly told: string[] = [];
  raster = flatRaster(() => [240, 240, 240, 255]);
  heatmap: ViewRaster | null = null;
  activeTermId: string | null = null;
  view: Bounds = [0, 0, 1000, 1000];

  add(id: string, kind: GeometryKind, geometry: Geometry, change: Partial<Annotation> = {}): Annotation {
    const annotation: Annotation = {
      id,
      slideId: "s",
      layerId: "l",
      termId: null,
      kind,
      geometry,
      bounds: boundsOf(geometry),
      areaPx: 0,
      lengthPx: 0,
      attributes: {},
      note: "",
      locked: false,
      reviewState: "DRAFT",
      reviewReason: null,
      reviewedBy: null,
      version: 3,
      createdBy: null,
      updatedBy: null,
      createdAt: "",
      updatedAt: "",
      ...change,
    };
    this.annotations.push(annotation);
    return annotation;
  }

  annotation(id: string): Annotation | undefined {
    return this.annotations.find((annotation) => annotation.id === id);
  }

  lookOf(): { readonly color: string; readonly pattern: "solid" } {
    return this.look;
  }

  annotationAt(position: Position, tolerance: number): Annotation | undefined {
    return this.annotations.find(({ geometry }) => hits(geometry, position, tolerance));
  }

  annotationsWithin([a, b]: readonly [Position, Position]): readonly Annotation[] {
    return this.annotations.filter(({ bounds }) => boundsContain(boundsFromCorners(a, b), bounds));
  }

  annotationsIn(bounds: Bounds): readonly Annotation[] {
    return this.annotations.filter((annotation) => boundsIntersect(annotation.bounds, bounds));
  }

  create(kind: GeometryKind, geometry: Geometry): string {
    this.created.push({ kind, geometry });
    return `made${this.created.length}`;
  }

  pixels(): ViewRaster {
    return this.raster;
  }

  probabilities(): { readonly raster: ViewRaster; readonly threshold: number } | null {
    return this.heatmap === null ? null : { raster: this.heatmap, threshold: 0.5 };
  }

  tell(code: string): void {
    this.told.push(code);
  }

  apply(ops: readonly AnnotationOp[]): void {
    this.applied.push(...ops);
  }

  select(ids: readonly string[]): void {
    this.selection = ids;
  }

  selectPrediction(): boolean {
    return false;
  }

  sketch(sketch: Sketch, draft: Geometry | null, stroke?: readonly Position[]): void {
    this.sketched = sketch;
    this.draft = draft;
    this.strokes.push(stroke);
  }

  hide(ids: readonly string[]): void {
    this.hidden = ids;
  }

  cursor(cursor: string): void {
    this.shownCursor = cursor;
  }
}

const SIDE = 200;

/** A picture of level-0 pixels 0 to 200 in both directions. */
export function flatRaster(colorAt: (x: number, y: number) => readonly number[]): ViewRaster {
  const data = new Uint8ClampedArray(SIDE * SIDE * 4);
  for (let i = 0; i < SIDE * SIDE; i++) data.set(colorAt(i % SIDE, Math.floor(i / SIDE)), i * 4);
  const same = [1, 0, 0, 1, 0, 0] as const;
  return { data, width: SIDE, height: SIDE, level0FromPixel: same, pixelFromLevel0: same };
}

type Modifiers = Partial<Pick<ToolPointer, "shift" | "alt" | "control" | "downsample">>;

export function pointerAt([x, y]: Position, modifiers: Modifiers = {}): ToolPointer {
  return {
    position: [x, y],
    screen: [x, y],
    downsample: 1,
    shift: false,
    alt: false,
    control: false,
    pointerType: "mouse",
    ...modifiers,
  };
}

/** A press, a drag through all points, a release at the last. Answers whether the tool took it. */
export function drag(tool: Tool, points: readonly Position[], modifiers: Modifiers = {}): boolean {
  const [first, ...rest] = points.map((point) => pointerAt(point, modifiers));
  const last = rest[rest.length - 1];
  if (first === undefined || last === undefined) throw new RangeError("A drag has two points at least.");
  if (!tool.press(first)) return false;
  for (const pointer of rest) tool.drag(pointer);
  tool.release(last, true);
  return true;
}

/** A press and release in place, as the map hands it on. */
export function click(tool: Tool, at: Position, modifiers: Modifiers = {}): void {
  const pointer = pointerAt(at, modifiers);
  if (tool.press(pointer)) tool.release(pointer, false);
  else tool.click(pointer);
}

export function press(tool: Tool, key: string): boolean {
  return tool.key(new KeyboardEvent("keydown", { key }));
}
