/** Counting by points: how many of each term there are, and which number each one has. Pure. */
import type { Annotation, Position } from "./annotation";

export interface NumberedPoint {
  readonly id: string;
  readonly position: Position;
  /** From 1, among the points of its term, in the order in which they were set. */
  readonly number: number;
}

/** How many points of each term; `null` counts those without. */
export function pointCounts(annotations: Iterable<Annotation>): ReadonlyMap<string | null, number> {
  const counts = new Map<string | null, number>();
  for (const { kind, termId } of annotations) if (kind === "POINT") counts.set(termId, (counts.get(termId) ?? 0) + 1);
  return counts;
}

/** The points of one term with their numbers. */
export function numberedPoints(annotations: Iterable<Annotation>, termId: string | null): readonly NumberedPoint[] {
  const points: NumberedPoint[] = [];
  for (const { id, geometry, termId: its } of annotations)
    if (geometry.type === "Point" && its === termId)
      points.push({ id, position: geometry.coordinates, number: points.length + 1 });
  return points;
}
