/** Predicted outlines, a million of them: on a WebGL2 canvas, or on an ordinary one where there is none; the chosen one above. */
import type { FrameState } from "ol/Map";
import type { Bounds, Geometry, Position } from "../model/annotation";
import { pathsOf } from "../model/geometry";
import { countIn } from "../model/outlineChunks";
import { countAgain } from "../model/outlineDensity";
import { CLASS_SLOTS } from "../model/outlineMesh";
import { NOWHERE } from "../model/outlinePlaces";
import { OutlinePicker, type Outlines } from "../model/outlines";
import { lookOf } from "../model/terms";
import { CASING } from "./annotationLayer";
import { CanvasLayer, screenViewOf } from "./canvasLayer";
import { channels } from "./color";
import { applyAffine, type ScreenView, screenFromLevel0 } from "./coordinates";
import type { ClassStyle } from "./facade";
import { CanvasOutlines } from "./outlines/canvasOutlines";
import { OutlinePrograms } from "./outlines/programs";
import { type SlotLook, WebglOutlines } from "./outlines/webglOutlines";

const FALLBACK = { name: "", color: "#ff7aa8" };
const HIGHLIGHT = "#6a55e8";
/** Chunks asked for at once: those in view change as one moves on. */
const MOST_ASKED = 24;
/** Until the card is asked again whether it is ready. */
const READY_MS = 30;

type Renderer =
  | { readonly kind: "webgl"; readonly outlines: WebglOutlines }
  | { readonly kind: "canvas"; readonly outlines: CanvasOutlines };

export class PredictionLayer extends CanvasLayer {
  private outlines: Outlines | null = null;
  private picker: OutlinePicker | null = null;
  private renderer: Renderer | null = null;
  private readonly glCanvas = document.createElement("canvas");
  /** `undefined` until it was tried; `null` where the browser gives none. */
  private programs: OutlinePrograms | null | undefined;
  private classes: readonly ClassStyle[] = [];
  /** Positions in the packed objects, as is `highlighted`. */
  private hidden: ReadonlySet<number> = new Set();
  private highlighted: number | null = null;
  private fillAlpha = 0.12;
  private readonly asked = new Set<number>();

  constructor() {
    super("coslide-predictions", 20);
    this.canvas.before(this.glCanvas);
    this.glCanvas.className = "coslide-predictions-gl";
    this.glCanvas.style.cssText = this.canvas.style.cssText;
    this.glCanvas.addEventListener("webglcontextlost", () => {
      this.programs = null;
      this.openRenderer();
    });
  }

  /** Gets the card ready while outlines are still on their way. */
  prepare(): void {
    if (this.programs !== undefined) return;
    const gl = this.glCanvas.getContext("webgl2", { antialias: false });
    this.programs = gl === null ? null : new OutlinePrograms(gl);
  }

  /** Replaces what is shown; `null` for nothing. They are closed with the next ones. */
  setOutlines(outlines: Outlines | null, classes: readonly ClassStyle[]): void {
    this.outlines?.close();
    this.outlines = outlines;
    this.classes = classes;
    this.hidden = new Set();
    this.highlighted = null;
    this.asked.clear();
    this.picker = outlines === null ? null : new OutlinePicker(outlines);
    this.openRenderer();
  }

  /** By numbers within the layer. */
  setHidden(numbers: Iterable<number>): void {
    const hidden = new Set([...numbers].flatMap((number) => this.positionOf(number) ?? []));
    if (this.outlines !== null) {
      const { density, objects } = this.outlines;
      for (const position of hidden) if (!this.hidden.has(position)) countAgain(density, objects, position, -1);
      for (const position of this.hidden) if (!hidden.has(position)) countAgain(density, objects, position, 1);
    }
    this.hidden = hidden;
    this.renderer?.outlines.setHidden(hidden);
    this.changed();
  }

  /** By number within the layer. */
  setHighlighted(number: number | null): void {
    this.highlighted = number === null ? null : this.positionOf(number);
    this.changed();
  }

  /** Under a heatmap the outlines are enough. */
  setFillAlpha(alpha: number): void {
    this.fillAlpha = alpha;
    this.changed();
  }

  geometry(number: number): Geometry | null {
    const position = this.positionOf(number);
    return position === null ? null : (this.picker?.geometry(position) ?? null);
  }

  /** Around the outline of a number; `null` when there is none. */
  bounds(number: number): Bounds | null {
    const position = this.positionOf(number);
    if (position === null || this.outlines === null) return null;
    const { bounds } = this.outlines.objects;
    const at = position * 4;
    return [bounds[at] ?? 0, bounds[at + 1] ?? 0, bounds[at + 2] ?? 0, bounds[at + 3] ?? 0];
  }

  /** The number of the smallest outline under a point, or `null`. */
  objectAt(position: Position, tolerance: number): number | null {
    if (!this.getVisible()) return null;
    const found = this.picker?.at(position, tolerance, (i) => this.hidden.has(i)) ?? null;
    return found === null ? null : (this.outlines?.objects.indexes[found] ?? null);
  }

  /** Exactly how many outlines there are, and how many of them in a region; `null` when none are shown. */
  counts(region: Bounds): { readonly all: number; readonly within: number } | null {
    if (this.outlines === null || !this.getVisible()) return null;
    const { objects, chunks } = this.outlines;
    const within = countIn(objects, chunks, region, (i) => this.hidden.has(i), this.hidden.size > 0);
    return { all: objects.count - this.hidden.size, within };
  }

  override render(frame: FrameState): HTMLElement {
    if (this.renderer?.kind === "webgl") this.drawWebgl(this.renderer.outlines, frame);
    return super.render(frame);
  }

  protected override draw(context: CanvasRenderingContext2D, view: ScreenView): void {
    if (this.renderer?.kind === "canvas") this.renderer.outlines.draw(context, view, this.fillAlpha);
    if (this.highlighted === null || this.picker === null) return;
    const toScreen = screenFromLevel0(view);
    const path = new Path2D();
    for (const ring of pathsOf(this.picker.geometry(this.highlighted)))
      for (const [k, point] of ring.entries()) {
        const [x, y] = applyAffine(toScreen, point);
        if (k === 0) path.moveTo(x, y);
        else path.lineTo(x, y);
      }
    for (const [color, width] of [
      [CASING, 6],
      [HIGHLIGHT, 3],
    ] as const) {
      context.strokeStyle = color;
      context.lineWidth = width;
      context.lineJoin = "round";
      context.stroke(path);
    }
  }

  private drawWebgl(renderer: WebglOutlines, frame: FrameState): void {
    const view = screenViewOf(frame);
    const [width, height] = [Math.round(view.width * frame.pixelRatio), Math.round(view.height * frame.pixelRatio)];
    if (this.glCanvas.width !== width || this.glCanvas.height !== height) {
      this.glCanvas.width = width;
      this.glCanvas.height = height;
    }
    const missing = renderer.draw(view, frame.pixelRatio, this.fillAlpha);
    if (missing === null) setTimeout(() => this.changed(), READY_MS);
    else this.ask(missing);
  }

  private ask(chunks: readonly number[]): void {
    const { outlines } = this;
    for (const chunk of chunks) {
      if (this.asked.size >= MOST_ASKED || outlines === null) return;
      if (this.asked.has(chunk)) continue;
      this.asked.add(chunk);
      outlines.mesh(chunk).then(
        (mesh) => {
          if (this.outlines !== outlines) return;
          this.asked.delete(chunk);
          if (this.renderer?.kind === "webgl") this.renderer.outlines.addMesh(chunk, mesh);
          this.changed();
        },
        // Put away meanwhile: nobody looks at them any more.
        () => undefined,
      );
    }
  }

  private openRenderer(): void {
    if (this.renderer?.kind === "webgl") this.renderer.outlines.close();
    this.renderer = null;
    const { outlines } = this;
    if (outlines !== null && outlines.objects.count > 0) {
      this.prepare();
      this.renderer = this.programs
        ? { kind: "webgl", outlines: new WebglOutlines(this.programs, outlines) }
        : { kind: "canvas", outlines: new CanvasOutlines(outlines) };
      this.renderer.outlines.setLooks(looksOf(this.classes));
      this.renderer.outlines.setHidden(this.hidden);
    }
    this.glCanvas.hidden = this.renderer?.kind !== "webgl";
    this.changed();
  }

  private positionOf(number: number): number | null {
    const position = this.outlines?.places.positions[number];
    return position === undefined || position === NOWHERE ? null : position;
  }
}

function looksOf(classes: readonly ClassStyle[]): readonly SlotLook[] {
  return Array.from({ length: CLASS_SLOTS }, (_, slot) => {
    const { color, pattern } = lookOf(classes[slot] ?? FALLBACK);
    const [red, green, blue] = channels(color);
    return { rgb: [red / 255, green / 255, blue / 255], hatched: pattern === "hatched" };
  });
}
