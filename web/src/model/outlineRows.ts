/** The outlines as rows of a list, the largest first; a row is made when it is looked at, since there may be a million. Pure. */
import type { Bounds } from "./annotation";
import type { OutlineFacts } from "./outlines";

export interface OutlineRow {
  /** Its number within the prediction layer. */
  readonly index: number;
  readonly classIndex: number;
  /** 0..1. */
  readonly meanProbability: number;
  readonly areaPx: number;
  readonly bounds: Bounds;
}

export interface OutlineRows {
  readonly length: number;
  at(place: number): OutlineRow | undefined;
  /** Where the outline of a number stands; -1 when it is not among them. */
  placeOf(index: number): number;
}

export const NO_ROWS: OutlineRows = { length: 0, at: () => undefined, placeOf: () => -1 };

/** All outlines but those whose numbers are hidden. */
export function rowsOf({ objects, bySize }: OutlineFacts, hidden: ReadonlySet<number>): OutlineRows {
  const shown =
    hidden.size === 0 ? bySize : bySize.filter((position) => !hidden.has(objects.indexes[position] ?? position));
  return {
    length: shown.length,
    at: (place) => {
      const position = shown[place];
      return position === undefined ? undefined : rowOf(objects, position);
    },
    placeOf: (index) => shown.findIndex((position) => objects.indexes[position] === index),
  };
}

function rowOf({ indexes, classes, means, areas, bounds }: OutlineFacts["objects"], position: number): OutlineRow {
  const [minX = 0, minY = 0, maxX = 0, maxY = 0] = bounds.subarray(position * 4, position * 4 + 4);
  return {
    index: indexes[position] ?? position,
    classIndex: classes[position] ?? 0,
    meanProbability: (means[position] ?? 0) / 255,
    areaPx: areas[position] ?? 0,
    bounds: [minX, minY, maxX, maxY],
  };
}
