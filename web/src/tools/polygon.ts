import type { Geometry, Position, Ring } from "../model/annotation";
import { areaFromOutline } from "../model/booleans";
import { closeRing, crossesItself, distance, kindOfArea } from "../model/geometry";
import type { ToolName } from "../viewer/facade";
import type { ToolPointer } from "../viewer/pointer";
import type { Handle } from "../viewer/sketch";
import { StepwiseTool } from "./stepwise";

const CLOSE_PX = 9;
const SAME_PLACE_PX = 3;

/** Corner by corner: click to add, click the first corner, press Enter or double-click to finish. Dragging moves the slide meanwhile. */
export class PolygonTool extends StepwiseTool {
  override readonly name: ToolName = "polygon";

  override click({ position, downsample }: ToolPointer): void {
    const [first] = this.points;
    const last = this.points[this.points.length - 1];
    if (first !== undefined && this.points.length >= 3 && distance(first, position) < CLOSE_PX * downsample) {
      this.finish();
      return;
    }
    if (last !== undefined && distance(last, position) < SAME_PLACE_PX * downsample) return;
    this.points.push(position);
    this.pointer = position;
    this.refresh();
  }

  override doubleClick(_pointer: ToolPointer): boolean {
    if (this.points.length > 0) this.finish();
    return true;
  }

  override hover({ position }: ToolPointer): void {
    this.pointer = position;
    if (this.points.length > 0) this.refresh();
  }

  override refresh(): void {
    const [first] = this.points;
    if (first === undefined) return;
    const { pointer } = this;
    const path = pointer === null ? this.points : [...this.points, pointer];
    const closes =
      pointer !== null && this.points.length >= 3 && distance(first, pointer) < CLOSE_PX * this.context.downsample;
    const handles = this.points.map(
      (position, index): Handle => ({ position, kind: "vertex", active: closes && index === 0 }),
    );
    const geometry =
      path.length >= 3
        ? ({ type: "Polygon", coordinates: [this.outline(path)] } as const)
        : ({ type: "LineString", coordinates: path } as const);
    this.show(geometry, pointer, { handles, stroke: path });
  }

  override cancel(): void {
    this.points = [];
    this.clear();
  }

  protected override finish(): void {
    const ring = this.points.length < 3 ? [] : this.outline(this.points);
    this.cancel();
    if (ring.length < 4) return;
    const area = crossesItself(ring) ? areaFromOutline(ring) : ({ type: "Polygon", coordinates: [ring] } as const);
    if (area !== null) this.finished(area);
  }

  /** The closed outline through the points that were set. */
  protected outline(points: readonly Position[]): Ring {
    return closeRing(points);
  }

  protected finished(area: Geometry): void {
    this.context.create(kindOfArea(area), area);
  }
}
