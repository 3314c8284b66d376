/** Outlines put together by place: what is drawn, culled and counted at once. Pure. */
import type { Bounds } from "./annotation";
import type { PackedObjects } from "./wire";

/** Objects in neighbourhoods. Chunk `c` holds `members[starts[c] … starts[c + 1]]`, positions in the packed objects. */
export interface OutlineChunks {
  readonly count: number;
  readonly members: Uint32Array<ArrayBuffer>;
  readonly starts: Uint32Array<ArrayBuffer>;
  /** minX, minY, maxX, maxY of each chunk in turn: around all of its objects. */
  readonly bounds: Float32Array<ArrayBuffer>;
  /** Points of each chunk's objects together. */
  readonly points: Uint32Array<ArrayBuffer>;
}

/** How many objects a chunk has when they lie evenly; no chunk has more than `MOST_POINTS` points but for a single larger object. */
const OBJECTS_A_CHUNK = 400;
const MOST_POINTS = 32_000;

export function chunkOutlines(objects: PackedObjects): OutlineChunks {
  const { count, bounds, points } = objects;
  const { order, cellOf } = sortedByCell(objects);
  const starts: number[] = [];
  let [cell, sum] = [-1, 0];
  for (let place = 0; place < count; place++) {
    const object = order[place] ?? 0;
    const own = points[object] ?? 0;
    if (cellOf[object] !== cell || sum + own > MOST_POINTS) {
      starts.push(place);
      cell = cellOf[object] ?? 0;
      sum = 0;
    }
    sum += own;
  }
  const chunks = starts.length;
  const around = new Float32Array(chunks * 4);
  const total = new Uint32Array(chunks);
  const placed = Uint32Array.from([...starts, count]);
  for (let chunk = 0; chunk < chunks; chunk++) {
    const box = [
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ];
    for (let place = placed[chunk] ?? 0; place < (placed[chunk + 1] ?? 0); place++) {
      const object = order[place] ?? 0;
      for (let side = 0; side < 4; side++) {
        const value = bounds[object * 4 + side] ?? 0;
        const known = box[side] ?? 0;
        if (side < 2 ? value < known : value > known) box[side] = value;
      }
      total[chunk] = (total[chunk] ?? 0) + (points[object] ?? 0);
    }
    around.set(box, chunk * 4);
  }
  return { count: chunks, members: order, starts: placed, bounds: around, points: total };
}

/** The objects by the square that holds the middle of their box, row by row: a counting sort. */
function sortedByCell({ count, bounds }: PackedObjects): {
  readonly order: Uint32Array<ArrayBuffer>;
  readonly cellOf: Uint32Array;
} {
  let [minX, minY, maxX, maxY] = [0, 0, 1, 1];
  for (let i = 0; i < count; i++) {
    minX = Math.min(minX, bounds[i * 4] ?? 0);
    minY = Math.min(minY, bounds[i * 4 + 1] ?? 0);
    maxX = Math.max(maxX, bounds[i * 4 + 2] ?? 0);
    maxY = Math.max(maxY, bounds[i * 4 + 3] ?? 0);
  }
  const side = Math.sqrt(((maxX - minX) * (maxY - minY)) / Math.max(1, count / OBJECTS_A_CHUNK));
  const columns = Math.max(1, Math.ceil((maxX - minX) / side));
  const rows = Math.max(1, Math.ceil((maxY - minY) / side));
  const cellOf = new Uint32Array(count);
  const ends = new Uint32Array(columns * rows + 1);
  for (let i = 0; i < count; i++) {
    const [x, y] = centreOf(bounds, i);
    const column = Math.min(columns - 1, Math.floor((x - minX) / side));
    const row = Math.min(rows - 1, Math.floor((y - minY) / side));
    const cell = row * columns + column;
    cellOf[i] = cell;
    ends[cell + 1] = (ends[cell + 1] ?? 0) + 1;
  }
  for (let cell = 1; cell < ends.length; cell++) ends[cell] = (ends[cell] ?? 0) + (ends[cell - 1] ?? 0);
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const cell = cellOf[i] ?? 0;
    const place = ends[cell] ?? 0;
    order[place] = i;
    ends[cell] = place + 1;
  }
  return { order, cellOf };
}

/** The middle of an object's box. */
export function centreOf(bounds: Float32Array, i: number): readonly [number, number] {
  return [
    ((bounds[i * 4] ?? 0) + (bounds[i * 4 + 2] ?? 0)) / 2,
    ((bounds[i * 4 + 1] ?? 0) + (bounds[i * 4 + 3] ?? 0)) / 2,
  ];
}

/** The chunks whose box meets a region, in order. */
export function chunksIn({ count, bounds }: OutlineChunks, [minX, minY, maxX, maxY]: Bounds): readonly number[] {
  const found: number[] = [];
  for (let c = 0; c < count; c++) {
    if (
      (bounds[c * 4] ?? 0) <= maxX &&
      (bounds[c * 4 + 2] ?? 0) >= minX &&
      (bounds[c * 4 + 1] ?? 0) <= maxY &&
      (bounds[c * 4 + 3] ?? 0) >= minY
    )
      found.push(c);
  }
  return found;
}

/** How many objects have the middle of their box in a region: exact, though only the chunks at its edge are looked into. */
export function countIn(
  objects: PackedObjects,
  chunks: OutlineChunks,
  region: Bounds,
  isHidden: (position: number) => boolean = () => false,
  hiddenSomewhere = false,
): number {
  const [minX, minY, maxX, maxY] = region;
  let total = 0;
  for (const c of chunksIn(chunks, region)) {
    const [from, to] = [chunks.starts[c] ?? 0, chunks.starts[c + 1] ?? 0];
    const within =
      (chunks.bounds[c * 4] ?? 0) >= minX &&
      (chunks.bounds[c * 4 + 1] ?? 0) >= minY &&
      (chunks.bounds[c * 4 + 2] ?? 0) <= maxX &&
      (chunks.bounds[c * 4 + 3] ?? 0) <= maxY;
    if (within && !hiddenSomewhere) {
      total += to - from;
      continue;
    }
    for (let place = from; place < to; place++) {
      const object = chunks.members[place] ?? 0;
      const [x, y] = centreOf(objects.bounds, object);
      if (x >= minX && x <= maxX && y >= minY && y <= maxY && !isHidden(object)) total++;
    }
  }
  return total;
}
