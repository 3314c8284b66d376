/** Predicted polygons, tens of thousands of them: drawn on a canvas straight from typed arrays, found by an R-tree. */
import Flatbush from "flatbush";
import type { Bounds, Geometry, Position, Ring } from "../model/annotation";
import { areaOf, boundsOfPositions, closeRing, hits } from "../model/geometry";
import { NO_CLASS, type PackedObjects } from "../model/wire";
import { CASING } from "./annotationLayer";
import { CanvasLayer } from "./canvasLayer";
import { withAlpha } from "./color";
import { type ScreenView, screenFromLevel0, visibleCorners } from "./coordinates";
import type { ClassStyle, PredictionPolygon } from "./facade";

/** Below this size on the screen an object is a dot. */
const DOT_PX = 3;
const FALLBACK_COLOR = "#ff7aa8";

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

  protected override draw(context: CanvasRenderingContext2D, view: ScreenView): void {
    const { objects, index } = this;
    if (objects === null || index === null) return;
    const toScreen = screenFromLevel0(view);
    const found = index.search(...boundsOfPositions(visibleCorners(view)), (i) => !this.hidden.has(i));
    const byClass = new Map<number, number[]>();
    for (const i of found) {
      const kind = objects.classes[i] ?? NO_CLASS;
      const same = byClass.get(kind);
      if (same === undefined) byClass.set(kind, [i]);
      else same.push(i);
    }
    context.lineJoin = "round";
    for (const [kind, members] of byClass) {
      const color = this.classes[kind]?.color ?? FALLBACK_COLOR;
      const outlines = new Path2D();
      const dots = new Path2D();
      for (const i of members) {
        const width = ((this.bounds[i * 4 + 2] ?? 0) - (this.bounds[i * 4] ?? 0)) / view.downsample;
        const height = ((this.bounds[i * 4 + 3] ?? 0) - (this.bounds[i * 4 + 1] ?? 0)) / view.downsample;
        if (width < DOT_PX && height < DOT_PX) this.addDot(dots, toScreen, i);
        else addObject(outlines, toScreen, objects, i);
      }
      context.fillStyle = withAlpha(color, this.fillAlpha);
      context.fill(outlines, "evenodd");
      context.strokeStyle = CASING;
      context.lineWidth = 3.5;
      context.stroke(outlines);
      context.strokeStyle = color;
      context.lineWidth = 1.5;
      context.stroke(outlines);
      context.fillStyle = color;
      context.fill(dots);
    }
    if (this.highlighted !== null) {
      const outline = new Path2D();
      addObject(outline, toScreen, objects, this.highlighted);
      context.strokeStyle = CASING;
      context.lineWidth = 6;
      context.stroke(outline);
      context.strokeStyle = "#6a55e8";
      context.lineWidth = 3;
      context.stroke(outline);
    }
  }

  private addDot(
    path: Path2D,
    [a, b, c, d, e, f]: readonly [number, number, number, number, number, number],
    i: number,
  ): void {
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

function pointRange(objects: PackedObjects, i: number): readonly [number, number] {
  const [firstPolygon, lastPolygon] = [objects.polygonStart[i] ?? 0, objects.polygonStart[i + 1] ?? 0];
  const [firstRing, lastRing] = [objects.ringStart[firstPolygon] ?? 0, objects.ringStart[lastPolygon] ?? 0];
  return [objects.pointStart[firstRing] ?? 0, objects.pointStart[lastRing] ?? 0];
}

/** Adds all rings of an object, leaving out points closer than 0.7 screen pixels to the last. */
function addObject(
  path: Path2D,
  [a, b, c, d, e, f]: readonly [number, number, number, number, number, number],
  objects: PackedObjects,
  i: number,
): void {
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
