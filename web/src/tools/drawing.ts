/** What all drawing tools share: the sketch with its measure, and giving up. */
import type { Geometry, Position } from "../model/annotation";
import { areaOf, isArea, lengthOf } from "../model/geometry";
import { formatArea, formatLength } from "../model/units";
import type { ToolPointer } from "../viewer/pointer";
import { EMPTY_SKETCH, type Handle } from "../viewer/sketch";
import { IdleTool } from "./tool";

interface ShowOptions {
  readonly handles?: readonly Handle[];
  readonly filled?: boolean;
  /** What the others see of it; the whole outline by default. */
  readonly stroke?: readonly Position[];
}

export abstract class DrawingTool extends IdleTool {
  override readonly cursor: string = "crosshair";

  /** Two quick clicks of somebody who draws are two clicks: the slide does not come nearer. */
  override doubleClick(_pointer: ToolPointer): boolean {
    return true;
  }

  /** Shows an unfinished shape with its measure beside `at`. */
  protected show(
    geometry: Geometry | null,
    at: Position | null,
    { handles = [], filled = true, stroke }: ShowOptions = {},
  ): void {
    const { color, pattern } = this.context.look;
    const text = geometry === null ? "" : this.measure(geometry);
    this.context.sketch(
      {
        ...EMPTY_SKETCH,
        geometries: geometry === null ? [] : [geometry],
        color,
        hatched: pattern === "hatched",
        filled,
        handles,
        label: at === null || text === "" ? null : { position: at, text },
      },
      geometry,
      stroke,
    );
  }

  protected clear(): void {
    this.context.sketch(EMPTY_SKETCH, null);
  }

  protected measure(geometry: Geometry): string {
    const { scale, locale } = this.context;
    if (isArea(geometry)) return formatArea(areaOf(geometry), scale, locale);
    return geometry.type === "LineString" ? formatLength(lengthOf(geometry), scale, locale) : "";
  }
}
