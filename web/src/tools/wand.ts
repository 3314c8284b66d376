import type { Annotation, Geometry, Position } from "../model/annotation";
import { areaOf, hits, isArea, kindOfArea, mapPositions } from "../model/geometry";
import type { Difference } from "../model/wand";
import { applyAffine } from "../viewer/coordinates";
import type { ToolPointer } from "../viewer/pointer";
import type { ViewRaster } from "../viewer/raster";
import { DrawingTool } from "./drawing";

/** So many screen pixels to the right take one step more of what is unlike, to the left one less. */
const PX_PER_STEP = 3;
const SMALLEST_AREA_PX2 = 20;
/** A region that begins so near to the selected area belongs to it. */
const JOINS_PX = 6;

interface Stroke {
  readonly raster: ViewRaster;
  readonly difference: Difference;
  /** In the raster. */
  readonly place: Position;
  readonly from: ToolPointer;
  /** What the region is added to or taken from; `null` makes it an annotation of its own. */
  readonly target: Annotation | null;
}

/**
 * W: takes everything around the pointer that is alike: by the model's probabilities where an overlay is shown that sees something there, else by colour.
 *
 * Dragging to the right takes more, to the left less. A region at the selected area joins it, as any does with Shift; Alt takes it away.
 */
export class WandTool extends DrawingTool {
  override readonly name = "wand";
  private model: typeof import("../model/wand") | null = null;
  private stroke: Stroke | null = null;
  private region: Geometry | null = null;
  /** Added to the tolerance by the bracket keys, also for what comes next. */
  private more = 0;

  override enter(): void {
    import("../model/wand").then(
      (model) => {
        this.model = model;
      },
      () => this.context.tell("needsLine"),
    );
  }

  override press(pointer: ToolPointer): boolean {
    const found = this.look(pointer);
    if (found !== null) {
      this.stroke = { ...found, from: pointer, target: this.targetFor(pointer) };
      this.grow(pointer);
    }
    return true;
  }

  override drag(pointer: ToolPointer): void {
    this.grow(pointer);
  }

  override release(pointer: ToolPointer): void {
    const { stroke, region } = this;
    this.cancel();
    if (stroke === null) return;
    if (region === null || areaOf(region) < SMALLEST_AREA_PX2 * pointer.downsample ** 2) {
      this.context.tell("nothingAlike");
    } else if (stroke.target !== null) {
      this.context.apply([
        { type: stroke.from.alt ? "subtractArea" : "addArea", id: stroke.target.id, geometry: region },
      ]);
    } else if (!stroke.from.alt) this.context.create(kindOfArea(region), region);
  }

  override cancel(): void {
    this.stroke = null;
    this.region = null;
    this.clear();
  }

  override key(event: KeyboardEvent): boolean {
    const by = { BracketLeft: -2, BracketRight: 2 } as const;
    const change = by[event.code as keyof typeof by];
    if (change !== undefined && !event.ctrlKey && !event.metaKey) {
      this.more += change;
      return true;
    }
    if (event.key !== "Escape" || this.stroke === null) return false;
    this.cancel();
    return true;
  }

  /** What the wand goes by at a place; `null` outside of the picture. */
  private look({ position }: ToolPointer): Pick<Stroke, "raster" | "difference" | "place"> | null {
    if (this.model === null) return null;
    const probabilities = this.context.probabilities();
    if (probabilities !== null) {
      const { raster, threshold } = probabilities;
      const place = applyAffine(raster.pixelFromLevel0, position);
      const difference = inside(raster, place) ? this.model.probabilityDifference(raster, place, threshold) : null;
      if (difference !== null) return { raster, difference, place };
    }
    const raster = this.context.pixels();
    const place = applyAffine(raster.pixelFromLevel0, position);
    return inside(raster, place) ? { raster, difference: this.model.colourDifference(raster, place), place } : null;
  }

  private grow(pointer: ToolPointer): void {
    const { stroke, model } = this;
    if (stroke === null || model === null) return;
    const { raster, difference, place, from } = stroke;
    const steps = Math.round((pointer.screen[0] - from.screen[0]) / PX_PER_STEP);
    const tolerance = Math.min(253, Math.max(1, difference.tolerance + this.more + steps));
    const region = model.regionAround(difference, place, tolerance);
    this.region = region === null ? null : mapPositions(region, (at) => applyAffine(raster.level0FromPixel, at));
    this.show(this.region, pointer.position);
  }

  private targetFor({ position, downsample, shift, alt }: ToolPointer): Annotation | null {
    const [id, ...others] = this.context.selection;
    const selected = id === undefined || others.length > 0 ? undefined : this.context.annotation(id);
    if (selected === undefined || selected.locked || !isArea(selected.geometry)) return null;
    return shift || alt || hits(selected.geometry, position, JOINS_PX * downsample) ? selected : null;
  }
}

function inside({ width, height }: ViewRaster, [x, y]: Position): boolean {
  return x >= 0 && y >= 0 && x < width && y < height;
}
