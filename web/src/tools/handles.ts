/** The grips of a selected shape: which there are at this zoom, and what moving one makes of the shape. Pure. */
import type { Annotation, Bounds, Geometry, Position } from "../model/annotation";
import { boundsOf, distance, ellipse, pathsOf, rectangle } from "../model/geometry";
import type { Handle } from "../viewer/sketch";

/** Grips nearer than this on the screen would cover each other: only some are shown, more appear as one zooms in. */
const APART_PX = 11;
const MIDPOINTS_FROM_PX = 34;

export type Grip = Handle &
  (
    | { readonly kind: "vertex"; readonly path: number; readonly vertex: number }
    /** Between `vertex` and the next. */
    | { readonly kind: "midpoint"; readonly path: number; readonly vertex: number }
    /** -1, 0 or 1 in each direction: which sides of the box it moves. */
    | { readonly kind: "corner"; readonly sideX: -1 | 0 | 1; readonly sideY: -1 | 0 | 1 }
  );

export function gripsOf(
  { kind, geometry }: Pick<Annotation, "kind" | "geometry">,
  downsample: number,
): readonly Grip[] {
  if (geometry.type === "Point") return [];
  if (kind === "RECTANGLE" || kind === "ELLIPSE") return cornersOf(boundsOf(geometry));
  const closed = geometry.type !== "LineString";
  return pathsOf(geometry).flatMap((path, index) => gripsOfPath(path, index, closed, downsample));
}

function cornersOf([minX, minY, maxX, maxY]: Bounds): Grip[] {
  const [x, y] = [
    [minX, (minX + maxX) / 2, maxX],
    [minY, (minY + maxY) / 2, maxY],
  ] as const;
  const sides = [-1, 0, 1] as const;
  return sides.flatMap((sideY) =>
    sides
      .filter((sideX) => sideX !== 0 || sideY !== 0)
      .map(
        (sideX): Grip => ({
          kind: "corner",
          sideX,
          sideY,
          position: [x[sideX + 1] ?? 0, y[sideY + 1] ?? 0],
          active: false,
        }),
      ),
  );
}

function gripsOfPath(path: readonly Position[], index: number, closed: boolean, downsample: number): Grip[] {
  const count = closed ? path.length - 1 : path.length;
  const grips: Grip[] = [];
  let lastShown: Position | null = null;
  for (let vertex = 0; vertex < count; vertex++) {
    const position = path[vertex];
    if (position === undefined) continue;
    if (lastShown === null || distance(lastShown, position) >= APART_PX * downsample) {
      grips.push({ kind: "vertex", path: index, vertex, position, active: false });
      lastShown = position;
    }
    const next = path[vertex + 1];
    if (next !== undefined && distance(position, next) >= MIDPOINTS_FROM_PX * downsample) {
      const middle: Position = [(position[0] + next[0]) / 2, (position[1] + next[1]) / 2];
      grips.push({ kind: "midpoint", path: index, vertex, position: middle, active: false });
    }
  }
  return grips;
}

/** The nearest grip within `reach` level-0 pixels; a vertex wins over a midpoint. */
export function gripAt(grips: readonly Grip[], position: Position, reach: number): Grip | undefined {
  let best: Grip | undefined;
  let bestDistance = reach;
  for (const grip of grips) {
    const away = distance(grip.position, position) + (grip.kind === "midpoint" ? reach / 3 : 0);
    if (away <= bestDistance) {
      best = grip;
      bestDistance = away;
    }
  }
  return best;
}

/** The shape with one grip moved to a position. */
export function withGripAt(
  { kind, geometry }: Pick<Annotation, "kind" | "geometry">,
  grip: Grip,
  position: Position,
): Geometry {
  switch (grip.kind) {
    case "corner": {
      const [minX, minY, maxX, maxY] = boundsOf(geometry);
      const [x1, x2] = moveSide(minX, maxX, grip.sideX, position[0]);
      const [y1, y2] = moveSide(minY, maxY, grip.sideY, position[1]);
      const bounds: Bounds = [Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2)];
      return kind === "ELLIPSE" ? ellipse(bounds) : rectangle(bounds);
    }
    case "vertex":
      return changePath(geometry, grip.path, (path, closed) =>
        path.map((point, index) =>
          index === grip.vertex || (closed && grip.vertex === 0 && index === path.length - 1) ? position : point,
        ),
      );
    case "midpoint":
      return changePath(geometry, grip.path, (path) => [
        ...path.slice(0, grip.vertex + 1),
        position,
        ...path.slice(grip.vertex + 1),
      ]);
  }
}

/** The shape without a vertex; `null` when too few would be left. */
export function withoutVertex(geometry: Geometry, path: number, vertex: number): Geometry | null {
  const points = pathsOf(geometry)[path] ?? [];
  const fewest = geometry.type === "LineString" ? 3 : 5;
  if (points.length < fewest) return null;
  return changePath(geometry, path, (old, closed) => {
    const open = closed ? old.slice(0, -1) : old;
    const kept = open.filter((_, index) => index !== vertex);
    const [first] = kept;
    return closed && first !== undefined ? [...kept, first] : kept;
  });
}

function moveSide(low: number, high: number, side: -1 | 0 | 1, to: number): readonly [number, number] {
  if (side === 0) return [low, high];
  return side < 0 ? [to, high] : [low, to];
}

function changePath(
  geometry: Geometry,
  index: number,
  change: (path: readonly Position[], closed: boolean) => readonly Position[],
): Geometry {
  switch (geometry.type) {
    case "Point":
      return geometry;
    case "LineString":
      return { type: "LineString", coordinates: change(geometry.coordinates, false) };
    case "Polygon":
      return {
        type: "Polygon",
        coordinates: geometry.coordinates.map((ring, i) => (i === index ? change(ring, true) : ring)),
      };
    case "MultiPolygon": {
      let counted = 0;
      return {
        type: "MultiPolygon",
        coordinates: geometry.coordinates.map((polygon) =>
          polygon.map((ring) => (counted++ === index ? change(ring, true) : ring)),
        ),
      };
    }
  }
}
