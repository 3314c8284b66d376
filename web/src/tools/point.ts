import type { ToolPointer } from "../viewer/pointer";
import { DrawingTool } from "./drawing";

/** A dot where one clicks; dragging still moves the slide. */
export class PointTool extends DrawingTool {
  override readonly name = "point";

  override click({ position }: ToolPointer): void {
    this.context.create("POINT", { type: "Point", coordinates: position });
  }
}
