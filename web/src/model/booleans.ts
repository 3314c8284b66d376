/** Union and difference of areas, and outlines a hand has drawn made valid. Integers of 1/16 pixel inside, as annotations are stored. */
import { difference, FillRule, type Path64, type Paths64, union } from "clipper2-ts";
import type { Geometry, Position, Ring } from "./annotation";
import { closeRing, polygonsOf, ringContains, signedRingArea } from "./geometry";

export const UNITS_PER_PX = 16;

/** Everything that lies in `a` or in `b`; `null` when neither has an area. */
export function unionOf(a: Geometry, b: Geometry): Geometry | null {
  return geometryOf(union(pathsFrom(a), pathsFrom(b), FillRule.NonZero));
}

/** What of `a` lies outside of `b`; `null` when nothing does. */
export function differenceOf(a: Geometry, b: Geometry): Geometry | null {
  return geometryOf(difference(pathsFrom(a), pathsFrom(b), FillRule.NonZero));
}

/** A valid area from an outline that may cross itself: what it winds around counts as inside. `null` when it encloses nothing. */
export function areaFromOutline(outline: Ring): Geometry | null {
  return geometryOf(union([pathFrom(outline)], FillRule.NonZero));
}

/** Outlines turned one way and holes the other, as the non-zero rule wants them; empty for points and lines. */
export function pathsFrom(geometry: Geometry): Paths64 {
  return polygonsOf(geometry).flatMap((rings) =>
    rings.map((ring, index) => pathFrom(signedRingArea(ring) > 0 === (index === 0) ? ring : [...ring].reverse())),
  );
}

export function pathFrom(ring: Ring): Path64 {
  return ring.map(([x, y]) => ({ x: Math.round(x * UNITS_PER_PX), y: Math.round(y * UNITS_PER_PX) }));
}

/** Outlines with the holes that lie in them; `null` when there is no outline. */
export function geometryOf(paths: Paths64): Geometry | null {
  const rings = paths
    .map((path) => closeRing(path.map(({ x, y }): Position => [Number(x) / UNITS_PER_PX, Number(y) / UNITS_PER_PX])))
    .filter((ring) => ring.length >= 4);
  const outlines = rings
    .filter((ring) => signedRingArea(ring) > 0)
    .sort((a, b) => signedRingArea(a) - signedRingArea(b));
  const polygons = outlines.map((outline): Ring[] => [outline]);
  for (const hole of rings.filter((ring) => signedRingArea(ring) < 0)) {
    const [first] = hole;
    // The smallest outline around it, since an island may lie in a hole of a larger one.
    const owner =
      first === undefined ? undefined : polygons.find(([outline]) => outline !== undefined && holds(outline, hole));
    owner?.push(hole);
  }
  const [only] = polygons;
  if (only === undefined) return null;
  return polygons.length === 1
    ? { type: "Polygon", coordinates: only }
    : { type: "MultiPolygon", coordinates: polygons };
}

/** Whether most of a hole's points lie inside: some may touch the outline. */
function holds(outline: Ring, hole: Ring): boolean {
  const inside = hole.filter((point) => ringContains(outline, point)).length;
  return inside * 2 > hole.length;
}
