/** Catching hold of neighbours: the vertex or the edge that is nearest to a place. Pure. */
import type { Bounds, Geometry, Position } from "./annotation";
import { boundsIntersect, distance, nearestOnSegment, pathsOf } from "./geometry";

export interface Snap {
  readonly position: Position;
  readonly on: "vertex" | "edge";
}

interface Shape {
  readonly geometry: Geometry;
  readonly bounds: Bounds;
}

/** Where a place catches within `reach` pixels: a vertex before an edge, the nearest of each; `null` when nothing is so near. */
export function snapTo(shapes: readonly Shape[], place: Position, reach: number): Snap | null {
  const [x, y] = place;
  const around: Bounds = [x - reach, y - reach, x + reach, y + reach];
  let vertex: Position | null = null;
  let edge: Position | null = null;
  let [toVertex, toEdge] = [reach, reach];
  for (const { geometry, bounds } of shapes) {
    if (!boundsIntersect(bounds, around)) continue;
    for (const path of pathsOf(geometry)) {
      for (const [index, point] of path.entries()) {
        const away = distance(point, place);
        if (away <= toVertex) [vertex, toVertex] = [point, away];
        const before = path[index - 1];
        if (before === undefined) continue;
        const foot = nearestOnSegment(place, before, point);
        const aside = distance(foot, place);
        if (aside <= toEdge) [edge, toEdge] = [foot, aside];
      }
    }
  }
  if (vertex !== null) return { position: vertex, on: "vertex" };
  return edge === null ? null : { position: edge, on: "edge" };
}
