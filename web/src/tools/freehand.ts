import type { Position } from "../model/annotation";
import { areaFromOutline } from "../model/booleans";
import { areaOf, closeRing, distance, kindOfArea, simplify } from "../model/geometry";
import type { Unfinished } from "../model/unfinished";
import type { ToolPointer } from "../viewer/pointer";
import { DrawingTool } from "./drawing";

const EVERY_PX = 1.5;
/** How far the stored outline may lie from the hand's. */
const TOLERANCE_PX = 0.6;
const SMALLEST_AREA_PX2 = 30;

/** A pencil: press, go round, let go; the outline closes by itself. Crossings are cleaned up. */
export class FreehandTool extends DrawingTool {
  override readonly name = "freehand";
  private path: Position[] = [];

  override press({ position }: ToolPointer): boolean {
    this.path = [position];
    return true;
  }

  override drag({ position, downsample }: ToolPointer): void {
    const last = this.path[this.path.length - 1];
    if (last === undefined || distance(last, position) < EVERY_PX * downsample) return;
    this.path.push(position);
    const path = [...this.path];
    this.show({ type: "Polygon", coordinates: [closeRing(path)] }, position, { stroke: path });
  }

  override release({ downsample }: ToolPointer, moved: boolean): void {
    const path = this.path;
    this.cancel();
    if (!moved || path.length < 3) return;
    const outline = simplify(path, TOLERANCE_PX * downsample);
    const area = areaFromOutline(closeRing(outline));
    if (area === null || areaOf(area) < SMALLEST_AREA_PX2 * downsample ** 2) return;
    this.context.create(kindOfArea(area), area);
  }

  override cancel(): void {
    this.path = [];
    this.clear();
  }

  /** Goes on corner by corner: the hand is no longer on it. */
  override unfinished(): Unfinished | null {
    if (this.path.length < 2) return null;
    const points = simplify(this.path, TOLERANCE_PX * this.context.downsample);
    return { tool: "polygon", points, area: null, targetId: null };
  }

  override key(event: KeyboardEvent): boolean {
    if (event.key !== "Escape" || this.path.length === 0) return false;
    this.cancel();
    return true;
  }
}
