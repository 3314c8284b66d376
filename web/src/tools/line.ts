import type { Geometry, Position } from "../model/annotation";
import { distance } from "../model/geometry";
import type { ToolPointer } from "../viewer/pointer";
import type { Handle } from "../viewer/sketch";
import { StepwiseTool } from "./stepwise";

const SAME_PLACE_PX = 3;

/** A straight line by dragging, or a bent one by clicking: Enter, a double click or a click on the last point ends it. */
export abstract class PathTool extends StepwiseTool {
  /** What becomes of the finished line. */
  protected abstract finished(line: Geometry): void;

  override press({ position }: ToolPointer): boolean {
    if (this.points.length > 0) return false;
    this.points = [position];
    this.begun();
    return true;
  }

  override drag(pointer: ToolPointer): void {
    this.pointer = straightened(this.points, pointer);
    this.refresh();
  }

  override release(pointer: ToolPointer, moved: boolean): void {
    if (!moved) {
      this.refresh();
      return;
    }
    this.points.push(straightened(this.points, pointer));
    this.finish();
  }

  override click(pointer: ToolPointer): void {
    const last = this.points[this.points.length - 1];
    if (last === undefined) return;
    const position = straightened(this.points, pointer);
    if (distance(last, position) < SAME_PLACE_PX * pointer.downsample) {
      this.finish();
      return;
    }
    this.points.push(position);
    this.refresh();
  }

  override doubleClick(_pointer: ToolPointer): boolean {
    if (this.points.length > 1) this.finish();
    return true;
  }

  override hover(pointer: ToolPointer): void {
    if (this.points.length === 0) return;
    this.pointer = straightened(this.points, pointer);
    this.refresh();
  }

  override refresh(): void {
    if (this.points.length === 0) return;
    const path = this.pointer === null ? this.points : [...this.points, this.pointer];
    const handles = this.points.map((position): Handle => ({ position, kind: "vertex", active: false }));
    if (path.length < 2) this.show(null, null, { handles });
    else this.show({ type: "LineString", coordinates: path }, this.pointer, { handles, filled: false });
  }

  override cancel(): void {
    this.points = [];
    this.pointer = null;
    this.clear();
  }

  protected begun(): void {}

  protected override finish(): void {
    const { points } = this;
    this.cancel();
    if (points.length >= 2) this.finished({ type: "LineString", coordinates: points });
  }
}

export class LineTool extends PathTool {
  override readonly name = "line";

  protected override finished(line: Geometry): void {
    this.context.create("LINE", line);
  }
}

/** A line that is measured and not kept: it stays until the next one, Escape, or another tool. */
export class MeasureTool extends PathTool {
  override readonly name = "measure";
  override readonly edits = false;
  private measured: Geometry | null = null;

  protected override finished(line: Geometry): void {
    this.measured = line;
    this.refresh();
  }

  protected override begun(): void {
    this.measured = null;
  }

  /** A measure is not kept when it is finished, either. */
  override unfinished(): null {
    return null;
  }

  override key(event: KeyboardEvent): boolean {
    if (super.key(event)) return true;
    if (event.key !== "Escape" || this.measured === null) return false;
    this.measured = null;
    this.clear();
    return true;
  }

  override refresh(): void {
    super.refresh();
    if (this.measured?.type !== "LineString") return;
    const path = this.measured.coordinates;
    const handles = path.map((position): Handle => ({ position, kind: "vertex", active: false }));
    this.show(this.measured, path[path.length - 1] ?? null, { handles, filled: false });
  }

  override leave(): void {
    this.measured = null;
    super.leave();
  }
}

/** With Shift, the nearest direction of 45°. */
function straightened(points: readonly Position[], { position, shift }: ToolPointer): Position {
  const last = points[points.length - 1];
  if (!shift || last === undefined) return position;
  const [dx, dy] = [position[0] - last[0], position[1] - last[1]];
  const angle = Math.round(Math.atan2(dy, dx) / (Math.PI / 4)) * (Math.PI / 4);
  const length = Math.hypot(dx, dy);
  return [last[0] + length * Math.cos(angle), last[1] + length * Math.sin(angle)];
}
