import type { Position } from "../model/annotation";
import type { Unfinished } from "../model/unfinished";
import { DrawingTool } from "./drawing";

/** A shape made point by point: Enter finishes it, Escape gives it up, Backspace takes the last point back. */
export abstract class StepwiseTool extends DrawingTool {
  protected points: Position[] = [];
  protected pointer: Position | null = null;

  protected abstract finish(): void;

  override unfinished(): Unfinished | null {
    return this.points.length === 0 ? null : { tool: this.name, points: this.points, area: null, targetId: null };
  }

  override resume({ points }: Unfinished): void {
    this.points = [...points];
    this.pointer = null;
    this.refresh();
  }

  override key(event: KeyboardEvent): boolean {
    if (this.points.length === 0) return false;
    switch (event.key) {
      case "Enter":
        this.finish();
        return true;
      case "Escape":
        this.cancel();
        return true;
      case "Backspace":
      case "Delete":
        this.points.pop();
        if (this.points.length === 0) this.cancel();
        else this.refresh();
        return true;
      default:
        return false;
    }
  }
}
