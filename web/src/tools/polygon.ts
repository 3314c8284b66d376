import type { Position } from "../model/annotation";
import { areaFromOutline } from "../model/booleans";
import { closeRing, crossesItself, distance } from "../model/geometry";
import type { ToolPointer } from "../viewer/pointer";
import type { Handle } from "../viewer/sketch";
import { DrawingTool } from "./drawing";

const CLOSE_PX = 9;
const SAME_PLACE_PX = 3;

/** Corner by corner: click to add, click the first corner, press Enter or double-click to finish. Dragging moves the slide meanwhile. */
export class PolygonTool extends DrawingTool {
  override readonly name = "polygon";
  private corners: Position[] = [];
  private pointer: Position | null = null;

  override click({ position, downsample }: ToolPointer): void {
    const [first] = this.corners;
    const last = this.corners[this.corners.length - 1];
    if (first !== undefined && this.corners.length >= 3 && distance(first, position) < CLOSE_PX * downsample) {
      this.finish();
      return;
    }
    if (last !== undefined && distance(last, position) < SAME_PLACE_PX * downsample) return;
    this.corners.push(position);
    this.pointer = position;
    this.refresh();
  }

  override doubleClick(_pointer: ToolPointer): boolean {
    if (this.corners.length > 0) this.finish();
    return true;
  }

  override hover({ position }: ToolPointer): void {
    this.pointer = position;
    if (this.corners.length > 0) this.refresh();
  }

  override key(event: KeyboardEvent): boolean {
    if (this.corners.length === 0) return false;
    switch (event.key) {
      case "Enter":
        this.finish();
        return true;
      case "Escape":
        this.cancel();
        return true;
      case "Backspace":
      case "Delete":
        this.corners.pop();
        if (this.corners.length === 0) this.cancel();
        else this.refresh();
        return true;
      default:
        return false;
    }
  }

  override refresh(): void {
    const [first] = this.corners;
    if (first === undefined) return;
    const { pointer } = this;
    const path = pointer === null ? this.corners : [...this.corners, pointer];
    const closes =
      pointer !== null && this.corners.length >= 3 && distance(first, pointer) < CLOSE_PX * this.context.downsample;
    const handles = this.corners.map(
      (position, index): Handle => ({ position, kind: "vertex", active: closes && index === 0 }),
    );
    const geometry =
      path.length >= 3
        ? ({ type: "Polygon", coordinates: [closeRing(path)] } as const)
        : ({ type: "LineString", coordinates: path } as const);
    this.show(geometry, pointer, { handles, stroke: path });
  }

  override cancel(): void {
    this.corners = [];
    this.clear();
  }

  private finish(): void {
    const ring = closeRing(this.corners);
    this.cancel();
    if (ring.length < 4) return;
    const area = crossesItself(ring) ? areaFromOutline(ring) : ({ type: "Polygon", coordinates: [ring] } as const);
    if (area !== null) this.context.create(area.type === "MultiPolygon" ? "MULTIPOLYGON" : "POLYGON", area);
  }
}
