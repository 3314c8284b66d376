/** The brush and the eraser: a round tip that leaves an area behind it. */
import type { Annotation, AnnotationOp, Geometry, Position } from "../model/annotation";
import { unionOf } from "../model/booleans";
import { distance, isArea, kindOfArea } from "../model/geometry";
import { capsule } from "../model/strokes";
import type { Unfinished } from "../model/unfinished";
import type { ToolPointer } from "../viewer/pointer";
import { EMPTY_SKETCH } from "../viewer/sketch";
import { DrawingTool } from "./drawing";
import type { ToolContext } from "./tool";

const SIZES_PX = [4, 6, 9, 13, 19, 27, 38, 54, 76, 108];
const FIRST_SIZE = 4;
/** A shorter way than this part of the radius adds nothing that one would see. */
const EVERY_RADIUS = 0.2;

/** How wide the tip is: brush and eraser share it. */
export class BrushSize {
  private step = FIRST_SIZE;

  /** Radius in screen pixels. */
  get radiusPx(): number {
    return SIZES_PX[this.step] ?? 0;
  }

  change(by: 1 | -1): void {
    this.step = Math.min(SIZES_PX.length - 1, Math.max(0, this.step + by));
  }
}

abstract class StrokeTool extends DrawingTool {
  override readonly cursor: string = "none";
  /** What is painted on; `null` makes a new one. */
  protected target: Annotation | null = null;
  private area: Geometry | null = null;
  private last: Position | null = null;
  private at: ToolPointer | null = null;

  constructor(
    context: ToolContext,
    private readonly size: BrushSize,
  ) {
    super(context);
  }

  /** Called once when the stroke begins. Answers whether there is anything to work on. */
  protected abstract begin(pointer: ToolPointer): boolean;
  protected abstract finish(area: Geometry): void;

  override press(pointer: ToolPointer): boolean {
    // Without anything to work on the press is still the tool's, so that the slide does not move by accident.
    if (this.begin(pointer)) this.paint(pointer, pointer.position);
    return true;
  }

  override drag(pointer: ToolPointer): void {
    if (this.last === null || distance(this.last, pointer.position) < EVERY_RADIUS * this.radius(pointer)) return;
    this.paint(pointer, this.last);
  }

  override release(pointer: ToolPointer): void {
    const { area } = this;
    this.cancel();
    if (area !== null) this.finish(area);
    this.hover(pointer);
  }

  override hover(pointer: ToolPointer): void {
    this.at = pointer;
    if (this.area === null) this.showTip(pointer);
  }

  override cancel(): void {
    this.area = null;
    this.last = null;
    this.clear();
  }

  override unfinished(): Unfinished | null {
    const { area } = this;
    return area === null ? null : { tool: this.name, points: [], area, targetId: this.target?.id ?? null };
  }

  /** The hand is no longer on it: what was painted is kept as it is. */
  override resume({ area, targetId }: Unfinished): void {
    this.target = targetId === null ? null : (this.context.annotation(targetId) ?? null);
    if (area !== null) this.finish(area);
  }

  override leave(): void {
    this.at = null;
    this.cancel();
  }

  override key(event: KeyboardEvent): boolean {
    const by = { BracketLeft: -1, BracketRight: 1 } as const;
    const change = by[event.code as keyof typeof by];
    if (change !== undefined && !event.ctrlKey && !event.metaKey) {
      this.size.change(change);
      if (this.at !== null) this.hover(this.at);
      return true;
    }
    if (event.key !== "Escape" || this.area === null) return false;
    this.cancel();
    return true;
  }

  /** The area from one position to the pointer's joins the stroke; only the stroke itself is worked out while the hand moves. */
  private paint(pointer: ToolPointer, from: Position): void {
    const added = capsule(from, pointer.position, this.radius(pointer));
    this.area = this.area === null ? added : unionOf(this.area, added);
    this.last = pointer.position;
    this.at = pointer;
    this.show(this.area, pointer.position);
  }

  private showTip(pointer: ToolPointer): void {
    const { color } = this.context.look;
    const tip = capsule(pointer.position, pointer.position, this.radius(pointer));
    this.context.sketch({ ...EMPTY_SKETCH, geometries: [tip], color, filled: false }, null);
  }

  private radius({ downsample }: ToolPointer): number {
    return this.size.radiusPx * downsample;
  }

  /** The one unlocked area that is selected, if there is just one. */
  protected selectedArea(): Annotation | null {
    const [id, ...others] = this.context.selection;
    const annotation = id === undefined || others.length > 0 ? undefined : this.context.annotation(id);
    return annotation !== undefined && isArea(annotation.geometry) && !annotation.locked ? annotation : null;
  }
}

/** Adds to the selected area, or makes a new one when none is selected. */
export class BrushTool extends StrokeTool {
  override readonly name = "brush";

  protected override begin(): boolean {
    this.target = this.selectedArea();
    return true;
  }

  protected override finish(area: Geometry): void {
    if (this.target !== null) this.context.apply([{ type: "addArea", id: this.target.id, geometry: area }]);
    else this.context.create(kindOfArea(area), area);
  }
}

/** Takes away from the selected area, or from the one under the tip. */
export class EraserTool extends StrokeTool {
  override readonly name = "eraser";

  protected override begin({ position, downsample }: ToolPointer): boolean {
    const under = this.context.annotationAt(position, downsample);
    const erasable = under !== undefined && isArea(under.geometry) && !under.locked ? under : null;
    this.target = this.selectedArea() ?? erasable;
    return this.target !== null;
  }

  protected override finish(area: Geometry): void {
    if (this.target === null) return;
    const op: AnnotationOp = { type: "subtractArea", id: this.target.id, geometry: area };
    this.context.apply([op]);
  }
}
