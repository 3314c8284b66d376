/** Outlines on an ordinary canvas, for machines without WebGL2: the same three ways to show them, of fewer at a time. */
import { centreOf } from "../../model/outlineChunks";
import { pictureOf } from "../../model/outlineDensity";
import { slotOf } from "../../model/outlineMesh";
import { sizeOf } from "../../model/outlinePlaces";
import type { OutlineFacts } from "../../model/outlines";
import { forEachRing } from "../../model/wire";
import { type Affine, type ScreenView, screenFromLevel0 } from "../coordinates";
import { CANVAS_BUDGET, type Detail, detailAt, runsOf } from "./detail";
import type { SlotLook } from "./webglOutlines";

const CASED_FROM_PX = 18;
const CASING = "rgba(255, 255, 255, 0.85)";
/** A path of thousands of outlines costs more than their sum. */
const OBJECTS_A_PATH = 256;
/** Dashes of what the model is unsure about. */
const DASH_PX = [5, 4];

export class CanvasOutlines {
  private looks: readonly SlotLook[] = [];
  private hidden: ReadonlySet<number> = new Set();
  private readonly pictures = new Map<number, OffscreenCanvas>();

  constructor(private readonly facts: OutlineFacts) {}

  setLooks(looks: readonly SlotLook[]): void {
    this.looks = looks;
    this.pictures.clear();
  }

  setHidden(hidden: ReadonlySet<number>): void {
    this.hidden = hidden;
    this.pictures.clear();
  }

  draw(context: CanvasRenderingContext2D, view: ScreenView, fillAlpha: number): void {
    const detail = detailAt(this.facts, view, CANVAS_BUDGET);
    if (detail.kind === "density") this.drawDensity(context, view, detail.grid);
    else if (detail.kind === "points") this.drawPoints(context, view, detail.chunks);
    else this.drawOutlines(context, view, detail, fillAlpha);
  }

  private drawOutlines(
    context: CanvasRenderingContext2D,
    view: ScreenView,
    { chunks, typicalPx }: Extract<Detail, { kind: "outlines" }>,
    fillAlpha: number,
  ): void {
    const toScreen = screenFromLevel0(view);
    context.lineJoin = "round";
    for (const [slot, members] of this.bySlot(chunks)) {
      const { color, hatched } = this.paint(slot);
      for (let from = 0; from < members.length; from += OBJECTS_A_PATH) {
        const path = new Path2D();
        for (const object of members.slice(from, from + OBJECTS_A_PATH)) this.trace(path, toScreen, object);
        if (fillAlpha > 0) {
          context.globalAlpha = fillAlpha;
          context.fillStyle = color;
          context.fill(path, "evenodd");
          context.globalAlpha = 1;
        }
        if (typicalPx >= CASED_FROM_PX) {
          context.strokeStyle = CASING;
          context.lineWidth = 3.5;
          context.stroke(path);
        }
        context.setLineDash(hatched ? DASH_PX : []);
        context.strokeStyle = color;
        context.lineWidth = typicalPx >= CASED_FROM_PX ? 1.5 : 1;
        context.stroke(path);
        context.setLineDash([]);
      }
    }
  }

  private drawPoints(context: CanvasRenderingContext2D, view: ScreenView, chunks: readonly number[]): void {
    const [a, b, c, d, e, f] = screenFromLevel0(view);
    context.globalAlpha = 0.85;
    for (const [slot, members] of this.bySlot(chunks)) {
      context.fillStyle = this.paint(slot).color;
      for (const object of members) {
        const [x, y] = centreOf(this.facts.objects.bounds, object);
        const size = Math.max(1.5, sizeOf(this.facts.objects.bounds, object) / view.downsample);
        context.fillRect(a * x + c * y + e - size / 2, b * x + d * y + f - size / 2, size, size);
      }
    }
    context.globalAlpha = 1;
  }

  private drawDensity(context: CanvasRenderingContext2D, view: ScreenView, index: number): void {
    const { density } = this.facts;
    const grid = density.grids[index];
    if (grid === undefined) return;
    const picture = this.pictures.get(index) ?? this.makePicture(index);
    context.save();
    context.transform(...screenFromLevel0(view));
    context.imageSmoothingEnabled = true;
    context.drawImage(picture, density.originX, density.originY, grid.columns * grid.cell, grid.rows * grid.cell);
    context.restore();
  }

  private makePicture(index: number): OffscreenCanvas {
    const { grids, slots } = this.facts.density;
    const grid = grids[index];
    const picture = new OffscreenCanvas(grid?.columns ?? 1, grid?.rows ?? 1);
    this.pictures.set(index, picture);
    if (grid === undefined) return picture;
    const pixels = pictureOf(grid, slots, (slot) => {
      const [red, green, blue] = this.looks[slot]?.rgb ?? [1, 1, 1];
      return [red * 255, green * 255, blue * 255];
    });
    picture.getContext("2d")?.putImageData(new ImageData(pixels, grid.columns, grid.rows), 0, 0);
    return picture;
  }

  private bySlot(chunks: readonly number[]): ReadonlyMap<number, readonly number[]> {
    const { members } = this.facts.chunks;
    const found = new Map<number, number[]>();
    for (const [from, to] of runsOf(this.facts.chunks, chunks)) {
      for (let place = from; place < to; place++) {
        const object = members[place] ?? 0;
        if (this.hidden.has(object)) continue;
        const slot = slotOf(this.facts.objects.classes[object] ?? 0);
        const same = found.get(slot);
        if (same === undefined) found.set(slot, [object]);
        else same.push(object);
      }
    }
    return found;
  }

  private paint(slot: number): { readonly color: string; readonly hatched: boolean } {
    const { rgb, hatched } = this.looks[slot] ?? { rgb: [1, 1, 1], hatched: false };
    return { color: `rgb(${rgb.map((part) => Math.round(part * 255)).join(", ")})`, hatched };
  }

  /** Adds all rings of an object, leaving out points closer than 0.7 screen pixels to the last. */
  private trace(path: Path2D, [a, b, c, d, e, f]: Affine, object: number): void {
    forEachRing(this.facts.objects, object, (xy) => {
      let [lastX, lastY] = [Number.NaN, Number.NaN];
      for (let k = 0; k < xy.length; k += 2) {
        const [x, y] = [xy[k] ?? 0, xy[k + 1] ?? 0];
        const [screenX, screenY] = [a * x + c * y + e, b * x + d * y + f];
        if (k === 0) path.moveTo(screenX, screenY);
        else if (Math.abs(screenX - lastX) + Math.abs(screenY - lastY) < 0.7) continue;
        else path.lineTo(screenX, screenY);
        [lastX, lastY] = [screenX, screenY];
      }
      path.closePath();
    });
  }
}
