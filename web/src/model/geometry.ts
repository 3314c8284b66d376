/** Plane geometry in level-0 pixels. Pure: nothing here changes its arguments. */
import type { Bounds, Geometry, GeometryKind, Position, Ring } from "./annotation";

/** The GraphQL scalar `GeoJSON`, restricted to what Coslide stores. */
export type GeoJSONGeometry = Geometry;

/** All rings or lines of a geometry, outlines and holes alike; a point is a list of one. */
export function pathsOf(geometry: Geometry): readonly (readonly Position[])[] {
  switch (geometry.type) {
    case "Point":
      return [[geometry.coordinates]];
    case "LineString":
      return [geometry.coordinates];
    case "Polygon":
      return geometry.coordinates;
    case "MultiPolygon":
      return geometry.coordinates.flat();
  }
}

/** The polygons of an area geometry, each an outline and its holes; empty for points and lines. */
export function polygonsOf(geometry: Geometry): readonly (readonly Ring[])[] {
  switch (geometry.type) {
    case "Polygon":
      return [geometry.coordinates];
    case "MultiPolygon":
      return geometry.coordinates;
    default:
      return [];
  }
}

export function isArea(geometry: Geometry): boolean {
  return geometry.type === "Polygon" || geometry.type === "MultiPolygon";
}

/** What an area is called that was not drawn as a rectangle or an ellipse. */
export function kindOfArea(area: Geometry): GeometryKind {
  return area.type === "MultiPolygon" ? "MULTIPOLYGON" : "POLYGON";
}

export function boundsOf(geometry: Geometry): Bounds {
  return boundsOfPositions(pathsOf(geometry).flat());
}

/** Throws `RangeError` when there is no position at all. */
export function boundsOfPositions(positions: readonly Position[]): Bounds {
  if (positions.length === 0) throw new RangeError("No positions, so no bounds: give at least one point.");
  let minX = Number.POSITIVE_INFINITY;
  let minY = Number.POSITIVE_INFINITY;
  let maxX = Number.NEGATIVE_INFINITY;
  let maxY = Number.NEGATIVE_INFINITY;
  for (const [x, y] of positions) {
    if (x < minX) minX = x;
    if (x > maxX) maxX = x;
    if (y < minY) minY = y;
    if (y > maxY) maxY = y;
  }
  return [minX, minY, maxX, maxY];
}

export function unionOfBounds(all: readonly Bounds[]): Bounds | null {
  if (all.length === 0) return null;
  return boundsOfPositions(
    all.flatMap(([minX, minY, maxX, maxY]): Position[] => [
      [minX, minY],
      [maxX, maxY],
    ]),
  );
}

export function boundsIntersect(a: Bounds, b: Bounds): boolean {
  return a[0] <= b[2] && a[2] >= b[0] && a[1] <= b[3] && a[3] >= b[1];
}

export function boundsContain(outer: Bounds, inner: Bounds): boolean {
  return outer[0] <= inner[0] && outer[1] <= inner[1] && outer[2] >= inner[2] && outer[3] >= inner[3];
}

/** Twice the shoelace sum, halved: positive when the ring turns clockwise on the screen (y down). */
export function signedRingArea(ring: Ring): number {
  let sum = 0;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [xi, yi] = at(ring, i);
    const [xj, yj] = at(ring, j);
    sum += xj * yi - xi * yj;
  }
  return sum / 2;
}

/** Square pixels: outlines minus holes; 0 for points and lines. */
export function areaOf(geometry: Geometry): number {
  let area = 0;
  for (const [outline, ...holes] of polygonsOf(geometry)) {
    if (outline === undefined) continue;
    area += Math.abs(signedRingArea(outline));
    for (const hole of holes) area -= Math.abs(signedRingArea(hole));
  }
  return area;
}

/** Pixels: the length of a line, or of all boundaries of an area; 0 for a point. */
export function lengthOf(geometry: Geometry): number {
  return pathsOf(geometry).reduce((total, path) => total + pathLength(path), 0);
}

export function pathLength(path: readonly Position[]): number {
  let length = 0;
  for (let i = 1; i < path.length; i++) length += distance(at(path, i - 1), at(path, i));
  return length;
}

export function distance(a: Position, b: Position): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/** The nearest point to `p` on the segment from `a` to `b`. */
export function nearestOnSegment(p: Position, a: Position, b: Position): Position {
  const dx = b[0] - a[0];
  const dy = b[1] - a[1];
  const lengthSquared = dx * dx + dy * dy;
  if (lengthSquared === 0) return a;
  const t = Math.min(1, Math.max(0, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / lengthSquared));
  return [a[0] + t * dx, a[1] + t * dy];
}

/** Even-odd rule over one ring; a point exactly on the boundary may fall either way. */
export function ringContains(ring: Ring, [x, y]: Position): boolean {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [xi, yi] = at(ring, i);
    const [xj, yj] = at(ring, j);
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

/** Whether an area holds the point, holes taken out; always false for points and lines. */
export function contains(geometry: Geometry, position: Position): boolean {
  return polygonsOf(geometry).some(
    ([outline, ...holes]) =>
      outline !== undefined && ringContains(outline, position) && !holes.some((hole) => ringContains(hole, position)),
  );
}

/** Pixels from the point to the nearest boundary, line or point of the geometry. */
export function distanceToOutline(geometry: Geometry, position: Position): number {
  let nearest = Number.POSITIVE_INFINITY;
  for (const path of pathsOf(geometry)) {
    if (path.length === 1) nearest = Math.min(nearest, distance(at(path, 0), position));
    for (let i = 1; i < path.length; i++) {
      nearest = Math.min(nearest, distance(nearestOnSegment(position, at(path, i - 1), at(path, i)), position));
    }
  }
  return nearest;
}

/** Whether a pointer with `tolerance` pixels of slack is on the geometry: inside an area, or near its line. */
export function hits(geometry: Geometry, position: Position, tolerance: number): boolean {
  return contains(geometry, position) || distanceToOutline(geometry, position) <= tolerance;
}

/** The same shape with every position changed. */
export function mapPositions(geometry: Geometry, change: (position: Position) => Position): Geometry {
  switch (geometry.type) {
    case "Point":
      return { type: "Point", coordinates: change(geometry.coordinates) };
    case "LineString":
      return { type: "LineString", coordinates: geometry.coordinates.map(change) };
    case "Polygon":
      return { type: "Polygon", coordinates: geometry.coordinates.map((ring) => ring.map(change)) };
    case "MultiPolygon":
      return {
        type: "MultiPolygon",
        coordinates: geometry.coordinates.map((polygon) => polygon.map((ring) => ring.map(change))),
      };
  }
}

export function translate(geometry: Geometry, dx: number, dy: number): Geometry {
  return mapPositions(geometry, ([x, y]) => [x + dx, y + dy]);
}

/** Turned clockwise (as one sees it, y down) about a point. */
export function rotate(geometry: Geometry, [cx, cy]: Position, radians: number): Geometry {
  const [cos, sin] = [Math.cos(radians), Math.sin(radians)];
  return mapPositions(geometry, ([x, y]) => [
    cx + (x - cx) * cos - (y - cy) * sin,
    cy + (x - cx) * sin + (y - cy) * cos,
  ]);
}

/** Stretched away from a point that stays, by a factor for each direction. */
export function scaleAbout(geometry: Geometry, [cx, cy]: Position, factorX: number, factorY: number): Geometry {
  return mapPositions(geometry, ([x, y]) => [cx + (x - cx) * factorX, cy + (y - cy) * factorY]);
}

export function middleOf([minX, minY, maxX, maxY]: Bounds): Position {
  return [(minX + maxX) / 2, (minY + maxY) / 2];
}

/** Stretches a geometry from one box to another; a box without extent in a direction keeps that coordinate's offset. */
export function fitInto(geometry: Geometry, from: Bounds, to: Bounds): Geometry {
  const scaleX = from[2] === from[0] ? 1 : (to[2] - to[0]) / (from[2] - from[0]);
  const scaleY = from[3] === from[1] ? 1 : (to[3] - to[1]) / (from[3] - from[1]);
  return mapPositions(geometry, ([x, y]) => [to[0] + (x - from[0]) * scaleX, to[1] + (y - from[1]) * scaleY]);
}

export function closeRing(points: readonly Position[]): Ring {
  const first = points[0];
  const last = points[points.length - 1];
  if (first === undefined || last === undefined) return [];
  return first[0] === last[0] && first[1] === last[1] ? points : [...points, first];
}

export function rectangle([minX, minY, maxX, maxY]: Bounds): Geometry {
  return {
    type: "Polygon",
    coordinates: [
      [
        [minX, minY],
        [maxX, minY],
        [maxX, maxY],
        [minX, maxY],
        [minX, minY],
      ],
    ],
  };
}

const ELLIPSE_POINTS = 72;

/** The ellipse that fills a box, as a polygon of 72 points: its radius is off by less than 0.1 %. */
export function ellipse([minX, minY, maxX, maxY]: Bounds): Geometry {
  const [cx, cy, rx, ry] = [(minX + maxX) / 2, (minY + maxY) / 2, (maxX - minX) / 2, (maxY - minY) / 2];
  const ring = Array.from({ length: ELLIPSE_POINTS }, (_, i): Position => {
    const angle = (2 * Math.PI * i) / ELLIPSE_POINTS;
    return [cx + rx * Math.cos(angle), cy + ry * Math.sin(angle)];
  });
  return { type: "Polygon", coordinates: [closeRing(ring)] };
}

export function boundsFromCorners(a: Position, b: Position): Bounds {
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[0], b[0]), Math.max(a[1], b[1])];
}

/** Douglas-Peucker: leaves out points that lie within `tolerance` pixels of the line that remains. */
export function simplify(path: readonly Position[], tolerance: number): readonly Position[] {
  if (path.length <= 2) return path;
  const keep = new Uint8Array(path.length);
  keep[0] = 1;
  keep[path.length - 1] = 1;
  const spans: [number, number][] = [[0, path.length - 1]];
  for (let span = spans.pop(); span !== undefined; span = spans.pop()) {
    const [first, last] = span;
    let farthest = -1;
    let farthestDistance = tolerance;
    for (let i = first + 1; i < last; i++) {
      const p = at(path, i);
      const off = distance(p, nearestOnSegment(p, at(path, first), at(path, last)));
      if (off > farthestDistance) {
        farthest = i;
        farthestDistance = off;
      }
    }
    if (farthest >= 0) {
      keep[farthest] = 1;
      spans.push([first, farthest], [farthest, last]);
    }
  }
  return path.filter((_, i) => keep[i] === 1);
}

/** Whether a ring crosses itself, by comparing all pairs of edges: for outlines a hand has drawn, not for thousands of points. */
export function crossesItself(ring: Ring): boolean {
  const closed = closeRing(ring);
  const edges = closed.length - 1;
  for (let i = 0; i < edges; i++) {
    for (let j = i + 2; j < edges; j++) {
      if (i === 0 && j === edges - 1) continue;
      if (segmentsCross(at(closed, i), at(closed, i + 1), at(closed, j), at(closed, j + 1))) return true;
    }
  }
  return false;
}

function segmentsCross(a: Position, b: Position, c: Position, d: Position): boolean {
  return turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0;
}

function turn(a: Position, b: Position, c: Position): number {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

/** Rounds to 1/16 pixel, the precision annotations are stored with; keeps messages short. */
export function roundPositions(geometry: Geometry): Geometry {
  return mapPositions(geometry, ([x, y]) => [Math.round(x * 16) / 16, Math.round(y * 16) / 16]);
}

function at(path: readonly Position[], index: number): Position {
  const position = path[index];
  if (position === undefined) throw new RangeError(`No position ${index} in a path of ${path.length}.`);
  return position;
}
