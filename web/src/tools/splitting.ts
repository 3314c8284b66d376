/** The ops of a cut. Pure; loaded with the first cut, and when the page is idle. */
import type { Annotation, AnnotationOp, Position } from "../model/annotation";
import { splitBy } from "../model/areas";
import { kindOfArea } from "../model/geometry";
import { newId } from "../model/ids";

export interface Split {
  readonly ops: readonly AnnotationOp[];
  /** Ids of all pieces. */
  readonly pieces: readonly string[];
}

/** Each area that the line cuts through becomes its largest piece; the others are new, with the same term, note and attributes. */
export function splitOps(areas: readonly Annotation[], line: readonly Position[]): Split {
  const ops: AnnotationOp[] = [];
  for (const { id, geometry, termId, note, attributes, version } of areas) {
    const [largest, ...others] = splitBy(geometry, line);
    if (largest === undefined) continue;
    ops.push({ type: "update", id, kind: kindOfArea(largest), geometry: largest, expectedVersion: version });
    for (const piece of others)
      ops.push({ type: "create", id: newId(), kind: kindOfArea(piece), geometry: piece, termId, note, attributes });
  }
  return { ops, pieces: ops.map(({ id }) => id) };
}
