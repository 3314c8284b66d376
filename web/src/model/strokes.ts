/** The areas that a round tip leaves behind. Pure. */
import type { Geometry, Position } from "./annotation";

/** Corners of a whole round: with 32, the outline is never further than half a hundredth of the radius from the circle. */
const CORNERS = 32;

/** Everything within `radius` of the straight way from `from` to `to`; a disc when both are one place. Level-0 pixels. */
export function capsule([fromX, fromY]: Position, [toX, toY]: Position, radius: number): Geometry {
  const direction = Math.atan2(toY - fromY, toX - fromX);
  const around = (x: number, y: number, start: number): Position[] =>
    Array.from({ length: CORNERS / 2 + 1 }, (_, k) => {
      const angle = start + (k / (CORNERS / 2)) * Math.PI;
      return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
    });
  const ring = [...around(toX, toY, direction - Math.PI / 2), ...around(fromX, fromY, direction + Math.PI / 2)];
  return { type: "Polygon", coordinates: [[...ring, ...ring.slice(0, 1)]] };
}
