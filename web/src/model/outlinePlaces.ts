/** Where each outline stands in the orders it is looked up by, and what is drawn for it far out: a point. Pure. */
import { centreOf, type OutlineChunks } from "./outlineChunks";
import { slotOf } from "./outlineMesh";
import type { PackedObjects } from "./wire";

/** Number of an outline that is not there. */
export const NOWHERE = 0xffff_ffff;

export interface OutlinePlaces {
  /** Middle x, middle y and the longer side of the box, level-0 pixels, in the order of `chunks.members`. */
  readonly points: Float32Array<ArrayBuffer>;
  /** Class slots in the same order. */
  readonly slots: Uint8Array<ArrayBuffer>;
  /** Where each object stands in that order. */
  readonly placeOf: Uint32Array<ArrayBuffer>;
  /** Which object has a number of the layer; `NOWHERE` for none. */
  readonly positions: Uint32Array<ArrayBuffer>;
}

export function placesOf(
  { count, bounds, classes, indexes }: PackedObjects,
  { members }: OutlineChunks,
): OutlinePlaces {
  const points = new Float32Array(count * 3);
  const slots = new Uint8Array(count);
  const placeOf = new Uint32Array(count);
  let most = -1;
  for (let place = 0; place < count; place++) {
    const object = members[place] ?? 0;
    placeOf[object] = place;
    const [x, y] = centreOf(bounds, object);
    points[place * 3] = x;
    points[place * 3 + 1] = y;
    points[place * 3 + 2] = sizeOf(bounds, object);
    slots[place] = slotOf(classes[object] ?? 0);
    most = Math.max(most, indexes[object] ?? 0);
  }
  const positions = new Uint32Array(most + 1).fill(NOWHERE);
  for (let object = 0; object < count; object++) positions[indexes[object] ?? 0] = object;
  return { points, slots, placeOf, positions };
}

/** Level-0 pixels: the longer side of an object's box. */
export function sizeOf(bounds: Float32Array, i: number): number {
  return Math.max((bounds[i * 4 + 2] ?? 0) - (bounds[i * 4] ?? 0), (bounds[i * 4 + 3] ?? 0) - (bounds[i * 4 + 1] ?? 0));
}
