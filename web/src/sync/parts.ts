/** Edits that are too large for one call, in parts. Pure. */
import type { AnnotationOp } from "../model/annotation";
import { pathsOf } from "../model/geometry";

/** One call takes 10,000 ops and half a million points (E14); from half of that on, parts are sent, small ones so that progress is seen. */
const LARGE_OPS = 5_000;
const LARGE_POINTS = 250_000;
const PART_OPS = 1_000;
const PART_POINTS = 50_000;

/** The ops in their order: all in one part, or in many small ones when they are too many for a call. */
export function inParts(ops: readonly AnnotationOp[]): readonly (readonly AnnotationOp[])[] {
  const points = ops.map(pointsOf);
  if (ops.length <= LARGE_OPS && points.reduce((sum, count) => sum + count, 0) <= LARGE_POINTS) return [ops];
  const parts: AnnotationOp[][] = [];
  let inPart = 0;
  for (const [index, op] of ops.entries()) {
    const count = points[index] ?? 0;
    const part = parts[parts.length - 1];
    if (part === undefined || part.length >= PART_OPS || inPart + count > PART_POINTS) {
      parts.push([op]);
      inPart = count;
    } else {
      part.push(op);
      inPart += count;
    }
  }
  return parts;
}

function pointsOf(op: AnnotationOp): number {
  if (!("geometry" in op) || op.geometry === undefined) return 0;
  return pathsOf(op.geometry).reduce((sum, path) => sum + path.length, 0);
}
