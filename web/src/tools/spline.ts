import type { Position, Ring } from "../model/annotation";
import { closedSpline } from "../model/splines";
import { PolygonTool } from "./polygon";

/** How far the stored outline may lie from the curve, on the screen. */
const TOLERANCE_PX = 0.3;

/** As the polygon, but smooth: a curve through the points that are set. */
export class SplineTool extends PolygonTool {
  override readonly name = "spline";

  protected override outline(points: readonly Position[]): Ring {
    return closedSpline(points, TOLERANCE_PX * this.context.downsample);
  }
}
