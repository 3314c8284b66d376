import type { Bounds, Geometry, Position } from "../model/annotation";
import { boundsFromCorners, ellipse, rectangle } from "../model/geometry";
import type { Unfinished } from "../model/unfinished";
import type { ToolPointer } from "../viewer/pointer";
import { DrawingTool } from "./drawing";

/** Smaller than this on the screen is a slip of the hand, not a shape. */
const SMALLEST_PX = 3;

/** Pulls a box open and fills it. Shift keeps it as wide as high, Alt pulls it from its middle. */
abstract class BoxTool extends DrawingTool {
  protected abstract readonly kind: "RECTANGLE" | "ELLIPSE";
  private start: Position | null = null;
  private pulled: Geometry | null = null;

  protected abstract shape(bounds: Bounds): Geometry;

  override press({ position }: ToolPointer): boolean {
    this.start = position;
    return true;
  }

  override drag(pointer: ToolPointer): void {
    if (this.start === null) return;
    this.pulled = this.shape(boxOf(this.start, pointer));
    this.show(this.pulled, pointer.position);
  }

  override unfinished(): Unfinished | null {
    return this.pulled === null ? null : { tool: this.name, points: [], area: this.pulled, targetId: null };
  }

  override resume({ area }: Unfinished): void {
    if (area !== null) this.context.create(this.kind, area);
  }

  override release(pointer: ToolPointer, moved: boolean): void {
    const start = this.start;
    this.cancel();
    if (start === null || !moved) return;
    const bounds = boxOf(start, pointer);
    const smallest = SMALLEST_PX * pointer.downsample;
    if (bounds[2] - bounds[0] < smallest || bounds[3] - bounds[1] < smallest) return;
    this.context.create(this.kind, this.shape(bounds));
  }

  override cancel(): void {
    this.start = null;
    this.pulled = null;
    this.clear();
  }

  override key(event: KeyboardEvent): boolean {
    if (event.key !== "Escape" || this.start === null) return false;
    this.cancel();
    return true;
  }
}

export class RectangleTool extends BoxTool {
  override readonly name = "rectangle";
  protected override readonly kind = "RECTANGLE";

  protected override shape(bounds: Bounds): Geometry {
    return rectangle(bounds);
  }
}

export class EllipseTool extends BoxTool {
  override readonly name = "ellipse";
  protected override readonly kind = "ELLIPSE";

  protected override shape(bounds: Bounds): Geometry {
    return ellipse(bounds);
  }
}

function boxOf([startX, startY]: Position, { position: [x, y], shift, alt }: ToolPointer): Bounds {
  let [dx, dy] = [x - startX, y - startY];
  if (shift) {
    const side = Math.max(Math.abs(dx), Math.abs(dy));
    dx = side * (Math.sign(dx) || 1);
    dy = side * (Math.sign(dy) || 1);
  }
  const from: Position = alt ? [startX - dx, startY - dy] : [startX, startY];
  return boundsFromCorners(from, [startX + dx, startY + dy]);
}
