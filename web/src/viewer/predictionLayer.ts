/** Predicted polygons, tens of thousands of them: drawn on a canvas straight from typed arrays, found by an R-tree. */
import Flatbush from "flatbush";
import type { Bounds, Geometry, Position, Ring } from "../model/annotation";
import { areaOf, boundsOfPositions, closeRing, hits } from "../model/geometry";
import { lookOf, type TermLook } from "../model/terms";
import { NO_CLASS, type PackedObjects } from "../model/wire";
import { CASING } from "./annotationLayer";
import { CanvasLayer } from "./canvasLayer";
import { withAlpha } from "./color";
import {
  type Affine,
  composed,
  level0FromScreen,
  type ScreenView,
  screenFromLevel0,
  visibleCorners,
} from "./coordinates";
import type { ClassStyle, PredictionPolygon } from "./facade";

/** Below this size on the screen an object is a dot. */
const DOT_PX = 3;
/** Smaller than this it has no white casing, which would hide it. */
const CASED_FROM_PX = 18;
const OBJECTS_A_PATH = 256;
/** What takes longer to draw is not drawn anew in every frame of a movement: the last picture is moved instead. */
const FRAME_BUDGET_MS = 8;
/** How much further than the screen such a picture reaches, on each side. */
const MARGIN = 0.2;
const REDRAW_AFTER_MS = 120;
const FALLBACK = { name: "", color: "#ff7aa8" };
/** Dashes of what the model is unsure about. */
const DASH_PX = [5, 4];

interface Picture {
  readonly canvas: HTMLCanvasElement;
  readonly view: ScreenView;
  readonly tookMs: number;
}

export class PredictionLayer extends CanvasLayer {
  private objects: PackedObjects | null = null;
  private index: Flatbush | null = null;
  private bounds = new Float64Array(0);
  private positions = new Map<number, number>();
  private classes: readonly ClassStyle[] = [];
  /** Positions in `objects`, as is `highlighted`. */
  private hidden: ReadonlySet<number> = new Set();
  private highlighted: number | null = null;
  private fillAlpha = 0.12;
  private picture: Picture | null = null;
  private redraw: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super("coslide-predictions", 20);
  }

  /** Replaces what is shown; `null` for nothing. Answers the polygons, the largest first. */
  setObjects(objects: PackedObjects | null, classes: readonly ClassStyle[]): readonly PredictionPolygon[] {
    this.objects = objects;
    this.classes = classes;
    this.hidden = new Set();
    this.highlighted = null;
    this.index = null;
    this.changed();
    if (objects === null || objects.count === 0) return [];
    this.index = new Flatbush(objects.count);
    this.bounds = new Float64Array(objects.count * 4);
    this.positions = new Map();
    const polygons: PredictionPolygon[] = [];
    for (let i = 0; i < objects.count; i++) {
      const bounds = this.boundsOfObject(objects, i);
      this.bounds.set(bounds, i * 4);
      this.index.add(...bounds);
      const number = objects.indexes[i] ?? i;
      this.positions.set(number, i);
      polygons.push({
        index: number,
        classIndex: objects.classes[i] ?? NO_CLASS,
        meanProbability: (objects.means[i] ?? 0) / 255,
        areaPx: areaOf(geometryOfObject(objects, i)),
        bounds,
      });
    }
    this.index.finish();
    return polygons.sort((a, b) => b.areaPx - a.areaPx);
  }

  /** By numbers within the layer. */
  setHidden(numbers: Iterable<number>): void {
    this.hidden = new Set([...numbers].flatMap((number) => this.positions.get(number) ?? []));
    this.changed();
  }

  /** By number within the layer. */
  setHighlighted(number: number | null): void {
    this.highlighted = number === null ? null : (this.positions.get(number) ?? null);
    this.changed();
  }

  /** Under a heatmap the outlines are enough. */
  setFillAlpha(alpha: number): void {
    this.fillAlpha = alpha;
    this.changed();
  }

  geometry(number: number): Geometry | null {
    const position = this.positions.get(number);
    return this.objects === null || position === undefined ? null : geometryOfObject(this.objects, position);
  }

  /** The number of the smallest object under a point, or `null`. */
  objectAt(position: Position, tolerance: number): number | null {
    const { objects, index } = this;
    if (objects === null || index === null || !this.getVisible()) return null;
    const [x, y] = position;
    const found = index
      .search(x - tolerance, y - tolerance, x + tolerance, y + tolerance)
      .filter((i) => !this.hidden.has(i) && hits(geometryOfObject(objects, i), position, tolerance))
      .sort((a, b) => areaOf(geometryOfObject(objects, a)) - areaOf(geometryOfObject(objects, b)));
    const [smallest] = found;
    return smallest === undefined ? null : (objects.indexes[smallest] ?? null);
  }

  protected override draw(
    context: CanvasRenderingContext2D,
    view: ScreenView,
    pixelRatio: number,
    moving: boolean,
  ): void {
    if (this.index === null) return;
    if (moving && this.picture !== null && this.picture.tookMs > FRAME_BUDGET_MS) {
      this.drawPicture(context, this.picture, view, pixelRatio);
      this.redrawSoon();
      return;
    }
    const started = performance.now();
    const wide = withMargin(view, this.picture !== null && this.picture.tookMs > FRAME_BUDGET_MS ? MARGIN : 0);
    const canvas = this.picture?.canvas ?? document.createElement("canvas");
    canvas.width = Math.round(wide.width * pixelRatio);
    canvas.height = Math.round(wide.height * pixelRatio);
    const picture = canvas.getContext("2d");
    if (picture === null) return;
    picture.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
    this.drawObjects(picture, wide);
    this.picture = { canvas, view: wide, tookMs: performance.now() - started };
    this.drawPicture(context, this.picture, view, pixelRatio);
  }

  /** The last picture where its part of the slide is now: exact while panning, a little soft while zooming. */
  private drawPicture(context: CanvasRenderingContext2D, picture: Picture, view: ScreenView, pixelRatio: number): void {
    const [a, b, c, d, e, f] = composed(screenFromLevel0(view), level0FromScreen(picture.view));
    context.save();
    context.transform(a, b, c, d, e, f);
    context.drawImage(picture.canvas, 0, 0, picture.canvas.width / pixelRatio, picture.canvas.height / pixelRatio);
    context.restore();
  }

  private redrawSoon(): void {
    clearTimeout(this.redraw);
    this.redraw = setTimeout(() => this.changed(), REDRAW_AFTER_MS);
  }

  private drawObjects(context: CanvasRenderingContext2D, view: ScreenView): void {
    const { objects, index } = this;
    if (objects === null || index === null) return;
    const toScreen = screenFromLevel0(view);
    const byClass = new Map<number, number[]>();
    for (const i of index.search(...boundsOfPositions(visibleCorners(view)), (i) => !this.hidden.has(i))) {
      const kind = objects.classes[i] ?? NO_CLASS;
      const same = byClass.get(kind);
      if (same === undefined) byClass.set(kind, [i]);
      else same.push(i);
    }
    context.lineJoin = "round";
    for (const [kind, members] of byClass) {
      const look = lookOf(this.classes[kind] ?? FALLBACK);
      // A path of thousands of outlines costs more than their sum.
      for (let from = 0; from < members.length; from += OBJECTS_A_PATH) {
        this.drawSome(context, view.downsample, toScreen, objects, members.slice(from, from + OBJECTS_A_PATH), look);
      }
    }
    if (this.highlighted === null) return;
    const outline = new Path2D();
    addObject(outline, toScreen, objects, this.highlighted);
    stroke(context, outline, CASING, 6);
    stroke(context, outline, "#6a55e8", 3);
  }

  private drawSome(
    context: CanvasRenderingContext2D,
    downsample: number,
    toScreen: Affine,
    objects: PackedObjects,
    members: readonly number[],
    { color, pattern }: TermLook,
  ): void {
    const [large, small, dots] = [new Path2D(), new Path2D(), new Path2D()];
    for (const i of members) {
      const width = ((this.bounds[i * 4 + 2] ?? 0) - (this.bounds[i * 4] ?? 0)) / downsample;
      const height = ((this.bounds[i * 4 + 3] ?? 0) - (this.bounds[i * 4 + 1] ?? 0)) / downsample;
      const size = Math.max(width, height);
      if (size < DOT_PX) this.addDot(dots, toScreen, i);
      else addObject(size < CASED_FROM_PX ? small : large, toScreen, objects, i);
    }
    if (this.fillAlpha > 0) {
      context.fillStyle = withAlpha(color, this.fillAlpha);
      context.fill(large, "evenodd");
      context.fill(small, "evenodd");
    }
    stroke(context, large, CASING, 3.5);
    context.setLineDash(pattern === "hatched" ? DASH_PX : []);
    stroke(context, large, color, 1.5);
    stroke(context, small, color, 1);
    context.setLineDash([]);
    context.fillStyle = color;
    context.fill(dots);
  }

  private addDot(path: Path2D, [a, b, c, d, e, f]: Affine, i: number): void {
    const x = ((this.bounds[i * 4] ?? 0) + (this.bounds[i * 4 + 2] ?? 0)) / 2;
    const y = ((this.bounds[i * 4 + 1] ?? 0) + (this.bounds[i * 4 + 3] ?? 0)) / 2;
    path.rect(a * x + c * y + e - 1, b * x + d * y + f - 1, 2, 2);
  }

  private boundsOfObject(objects: PackedObjects, i: number): Bounds {
    const { xy } = objects;
    let [minX, minY, maxX, maxY] = [
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ];
    const [from, to] = pointRange(objects, i);
    for (let k = from; k < to; k++) {
      const [x, y] = [xy[k * 2] ?? 0, xy[k * 2 + 1] ?? 0];
      minX = Math.min(minX, x);
      minY = Math.min(minY, y);
      maxX = Math.max(maxX, x);
      maxY = Math.max(maxY, y);
    }
    return [minX, minY, maxX, maxY];
  }
}

function withMargin(view: ScreenView, margin: number): ScreenView {
  return { ...view, width: view.width * (1 + 2 * margin), height: view.height * (1 + 2 * margin) };
}

function stroke(context: CanvasRenderingContext2D, path: Path2D, color: string, width: number): void {
  context.strokeStyle = color;
  context.lineWidth = width;
  context.stroke(path);
}

function pointRange(objects: PackedObjects, i: number): readonly [number, number] {
  const [firstPolygon, lastPolygon] = [objects.polygonStart[i] ?? 0, objects.polygonStart[i + 1] ?? 0];
  const [firstRing, lastRing] = [objects.ringStart[firstPolygon] ?? 0, objects.ringStart[lastPolygon] ?? 0];
  return [objects.pointStart[firstRing] ?? 0, objects.pointStart[lastRing] ?? 0];
}

/** Adds all rings of an object, leaving out points closer than 0.7 screen pixels to the last. */
function addObject(path: Path2D, [a, b, c, d, e, f]: Affine, objects: PackedObjects, i: number): void {
  const { xy } = objects;
  const firstRing = objects.ringStart[objects.polygonStart[i] ?? 0] ?? 0;
  const lastRing = objects.ringStart[objects.polygonStart[i + 1] ?? 0] ?? 0;
  for (let ring = firstRing; ring < lastRing; ring++) {
    const from = objects.pointStart[ring] ?? 0;
    const to = objects.pointStart[ring + 1] ?? 0;
    let [lastX, lastY] = [Number.NaN, Number.NaN];
    for (let k = from; k < to; k++) {
      const [x, y] = [xy[k * 2] ?? 0, xy[k * 2 + 1] ?? 0];
      const [screenX, screenY] = [a * x + c * y + e, b * x + d * y + f];
      if (k === from) path.moveTo(screenX, screenY);
      else if (Math.abs(screenX - lastX) + Math.abs(screenY - lastY) < 0.7) continue;
      else path.lineTo(screenX, screenY);
      lastX = screenX;
      lastY = screenY;
    }
    path.closePath();
  }
}

/** One packed object as GeoJSON: a polygon, or several. */
export function geometryOfObject(objects: PackedObjects, i: number): Geometry {
  const polygons: Ring[][] = [];
  for (let p = objects.polygonStart[i] ?? 0; p < (objects.polygonStart[i + 1] ?? 0); p++) {
    const rings: Ring[] = [];
    for (let r = objects.ringStart[p] ?? 0; r < (objects.ringStart[p + 1] ?? 0); r++) {
      const points: Position[] = [];
      for (let k = objects.pointStart[r] ?? 0; k < (objects.pointStart[r + 1] ?? 0); k++) {
        points.push([objects.xy[k * 2] ?? 0, objects.xy[k * 2 + 1] ?? 0]);
      }
      rings.push(closeRing(points));
    }
    polygons.push(rings);
  }
  const [only] = polygons;
  return polygons.length === 1 && only !== undefined
    ? { type: "Polygon", coordinates: only }
    : { type: "MultiPolygon", coordinates: polygons };
}
