import type { Annotation, Geometry, Position } from "../model/annotation";
import { areaFromOutline } from "../model/booleans";
import { areaOf, closeRing, distance, isArea, simplify } from "../model/geometry";
import type { Unfinished } from "../model/unfinished";
import type { ToolPointer } from "../viewer/pointer";
import { PolygonTool } from "./polygon";

const EVERY_PX = 1.5;
const TOLERANCE_PX = 0.6;
const SMALLEST_AREA_PX2 = 12;
const REACH_PX = 3;

/** O: takes a hole out of the area one begins in, drawn by hand in one go or corner by corner. */
export class HoleTool extends PolygonTool {
  override readonly name = "hole";
  private target: Annotation | null = null;
  private path: Position[] | null = null;

  override press(pointer: ToolPointer): boolean {
    if (this.points.length > 0) return false;
    this.target = this.areaAt(pointer);
    if (this.target !== null) this.path = [pointer.position];
    else this.context.tell("noAreaHere");
    // Also without anything to take from, so that the slide does not move by accident.
    return true;
  }

  override drag({ position, downsample }: ToolPointer): void {
    const last = this.path?.[this.path.length - 1];
    if (this.path === null || last === undefined || distance(last, position) < EVERY_PX * downsample) return;
    this.path.push(position);
    const path = [...this.path];
    this.show({ type: "Polygon", coordinates: [closeRing(path)] }, position, { stroke: path });
  }

  override release(pointer: ToolPointer, moved: boolean): void {
    const { path } = this;
    this.path = null;
    if (path === null) return;
    if (!moved) {
      super.click(pointer);
      return;
    }
    const outline = simplify(path, TOLERANCE_PX * pointer.downsample);
    const area = outline.length < 3 ? null : areaFromOutline(closeRing(outline));
    if (area !== null && areaOf(area) >= SMALLEST_AREA_PX2 * pointer.downsample ** 2) this.finished(area);
    this.cancel();
  }

  override click(pointer: ToolPointer): void {
    if (this.points.length > 0) super.click(pointer);
  }

  override cancel(): void {
    this.path = null;
    super.cancel();
  }

  override unfinished(): Unfinished | null {
    const drawn = this.path === null ? [] : simplify(this.path, TOLERANCE_PX * this.context.downsample);
    const points = drawn.length > 1 ? drawn : this.points;
    if (points.length === 0 || this.target === null) return null;
    return { tool: this.name, points, area: null, targetId: this.target.id };
  }

  override resume(work: Unfinished): void {
    this.target = work.targetId === null ? null : (this.context.annotation(work.targetId) ?? null);
    if (this.target !== null) super.resume(work);
  }

  override key(event: KeyboardEvent): boolean {
    if (event.key !== "Escape" || this.path === null) return super.key(event);
    this.cancel();
    return true;
  }

  protected override finished(area: Geometry): void {
    if (this.target === null) return;
    this.context.apply([{ type: "subtractArea", id: this.target.id, geometry: area }]);
    this.context.select([this.target.id]);
  }

  private areaAt({ position, downsample }: ToolPointer): Annotation | null {
    const under = this.context.annotationAt(position, REACH_PX * downsample);
    return under !== undefined && isArea(under.geometry) && !under.locked ? under : null;
  }
}
