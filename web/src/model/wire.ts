/**
 * Reader of packed annotations (`docs/wire.md`).
 *
 * A million outlines are not unpacked: one pass over the bytes notes where each object lies and what must be known of all of them. The points of
 * one object are read when they are needed.
 */
import type { Geometry, Position, Ring } from "./annotation";
import { closeRing } from "./geometry";

export class WireFormatError extends Error {
  constructor(
    what: string,
    readonly offset: number,
  ) {
    super(
      `Packed annotations: ${what} at byte ${offset}. Reload the slide; if it stays, the server and this page are of different versions.`,
    );
    this.name = "WireFormatError";
  }
}

export const NO_CLASS = 255;
const KINDS = 6;
const POINT = 0;
const LINE = 1;
const UUID_BYTES = 16;
const LIVE = 1;

/** Objects of one file, column by column; `bytes` is the file itself. */
export interface PackedObjects {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly count: number;
  /** Where in `bytes` each object's polygons begin, and in which unit its points are: 2^-scale pixels. */
  readonly offsets: Uint32Array<ArrayBuffer>;
  readonly scales: Uint8Array<ArrayBuffer>;
  /** Number of each object within its layer. */
  readonly indexes: Uint32Array<ArrayBuffer>;
  /** Numbers of docs/wire.md: 0 a point … 5 several polygons. */
  readonly kinds: Uint8Array<ArrayBuffer>;
  /** Class number of the model; `NO_CLASS` when none. */
  readonly classes: Uint8Array<ArrayBuffer>;
  /** Mean probability times 255. */
  readonly means: Uint8Array<ArrayBuffer>;
  /** Points of each object, all rings together. */
  readonly points: Uint32Array<ArrayBuffer>;
  /** minX, minY, maxX, maxY of each object in turn. */
  readonly bounds: Float32Array<ArrayBuffer>;
  /** Square pixels, holes taken out; 0 for points and lines. */
  readonly areas: Float32Array<ArrayBuffer>;
}

const MAGIC = [0x43, 0x53, 0x41, 0x31]; // "CSA1"

/** @throws WireFormatError where the bytes are no such file */
export function indexPacked(bytes: Uint8Array<ArrayBuffer>): PackedObjects {
  const reader = new Reader(bytes);
  for (const expected of MAGIC)
    if (reader.u8() !== expected) throw new WireFormatError('does not start with "CSA1"', 0);
  const count = countObjects(bytes);
  const objects: PackedObjects = {
    ...{ bytes, count, offsets: new Uint32Array(count), scales: new Uint8Array(count) },
    ...{ indexes: new Uint32Array(count), kinds: new Uint8Array(count), classes: new Uint8Array(count) },
    ...{ means: new Uint8Array(count), points: new Uint32Array(count), bounds: new Float32Array(count * 4) },
    areas: new Float32Array(count),
  };
  let position = 0;
  while (!reader.atEnd) {
    const end = reader.u32() + reader.offset;
    const scale = reader.u8();
    const source = reader.u8();
    if (source > LIVE) throw new WireFormatError(`unknown source ${source}`, reader.offset - 1);
    const inChunk = reader.u32();
    if (source !== LIVE) reader.skip(UUID_BYTES);
    for (let i = 0; i < inChunk; i++, position++) {
      if (source === LIVE) reader.skip(UUID_BYTES);
      objects.scales[position] = scale;
      indexObject(reader, objects, position);
    }
    if (reader.offset !== end) throw new WireFormatError(`a chunk should end at ${end}`, reader.offset);
  }
  return objects;
}

/** The heads of the chunks say how many objects there are, so the columns are made once in their size. */
function countObjects(bytes: Uint8Array): number {
  const reader = new Reader(bytes);
  reader.skip(MAGIC.length);
  let count = 0;
  while (!reader.atEnd) {
    const end = reader.u32() + reader.offset;
    if (end > bytes.length)
      throw new WireFormatError(`a chunk ends at ${end}, past the ${bytes.length} bytes received`, reader.offset);
    reader.skip(2);
    const inChunk = reader.u32();
    if (inChunk > bytes.length)
      throw new WireFormatError(`${inChunk} objects are announced, more than bytes are left`, reader.offset);
    count += inChunk;
    reader.offset = end;
  }
  return count;
}

function indexObject(reader: Reader, objects: PackedObjects, position: number): void {
  objects.indexes[position] = reader.varint();
  const kind = reader.u8();
  if (kind >= KINDS) throw new WireFormatError(`unknown kind ${kind}`, reader.offset - 1);
  objects.kinds[position] = kind;
  objects.classes[position] = reader.u8();
  objects.means[position] = reader.u8();
  objects.offsets[position] = reader.offset;
  const unit = 2 ** -(objects.scales[position] ?? 0);
  let [x, y, total, area] = [0, 0, 0, 0];
  let [minX, minY, maxX, maxY] = [
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ];
  const polygons = reader.count();
  for (let polygon = 0; polygon < polygons; polygon++) {
    const rings = reader.count();
    for (let ring = 0; ring < rings; ring++) {
      const points = reader.count();
      total += points;
      let [firstX, firstY, twice] = [0, 0, 0];
      for (let point = 0; point < points; point++) {
        const [lastX, lastY] = [x, y];
        x += reader.zigzag();
        y += reader.zigzag();
        if (point === 0) {
          firstX = x;
          firstY = y;
        } else {
          // Relative to the ring's first point, so that large coordinates cost no digits.
          twice += (lastX - firstX) * (y - firstY) - (x - firstX) * (lastY - firstY);
        }
        if (x < minX) minX = x;
        if (y < minY) minY = y;
        if (x > maxX) maxX = x;
        if (y > maxY) maxY = y;
      }
      area += ring === 0 ? Math.abs(twice) : -Math.abs(twice);
    }
  }
  objects.points[position] = total;
  objects.bounds[position * 4] = minX * unit;
  objects.bounds[position * 4 + 1] = minY * unit;
  objects.bounds[position * 4 + 2] = maxX * unit;
  objects.bounds[position * 4 + 3] = maxY * unit;
  objects.areas[position] = kind === POINT || kind === LINE ? 0 : (area / 2) * unit * unit;
}

/** Calls for each ring of one object in order: x and y in turn, level-0 pixels, not closed. `ring` counts within its polygon, 0 is the outline. */
export function forEachRing(
  objects: PackedObjects,
  position: number,
  visit: (xy: Float64Array, ring: number, polygon: number) => void,
): void {
  const reader = new Reader(objects.bytes);
  reader.offset = objects.offsets[position] ?? 0;
  const unit = 2 ** -(objects.scales[position] ?? 0);
  let [x, y] = [0, 0];
  const polygons = reader.count();
  for (let polygon = 0; polygon < polygons; polygon++) {
    const rings = reader.count();
    for (let ring = 0; ring < rings; ring++) {
      const xy = new Float64Array(reader.count() * 2);
      for (let k = 0; k < xy.length; k += 2) {
        x += reader.zigzag();
        y += reader.zigzag();
        xy[k] = x * unit;
        xy[k + 1] = y * unit;
      }
      visit(xy, ring, polygon);
    }
  }
}

/** One packed object as GeoJSON. */
export function geometryOfPacked(objects: PackedObjects, position: number): Geometry {
  const polygons: Position[][][] = [];
  forEachRing(objects, position, (xy, ring, polygon) => {
    if (ring === 0) polygons[polygon] = [];
    polygons[polygon]?.push(Array.from({ length: xy.length / 2 }, (_, k) => [xy[k * 2] ?? 0, xy[k * 2 + 1] ?? 0]));
  });
  const path = polygons[0]?.[0] ?? [];
  const [first] = path;
  if (objects.kinds[position] === POINT && first !== undefined) return { type: "Point", coordinates: first };
  if (objects.kinds[position] === LINE) return { type: "LineString", coordinates: path };
  const closed = polygons.map((rings): Ring[] => rings.map(closeRing));
  const [only] = closed;
  return closed.length === 1 && only !== undefined
    ? { type: "Polygon", coordinates: only }
    : { type: "MultiPolygon", coordinates: closed };
}

/** Little-endian reads that refuse to run over the end. */
class Reader {
  offset = 0;

  constructor(private readonly bytes: Uint8Array) {}

  get atEnd(): boolean {
    return this.offset >= this.bytes.length;
  }

  skip(count: number): void {
    if (this.offset + count > this.bytes.length) throw new WireFormatError("the data ends too early", this.offset);
    this.offset += count;
  }

  u8(): number {
    const byte = this.bytes[this.offset];
    if (byte === undefined) throw new WireFormatError("the data ends too early", this.offset);
    this.offset++;
    return byte;
  }

  u32(): number {
    return this.u8() + this.u8() * 0x100 + this.u8() * 0x1_0000 + this.u8() * 0x100_0000;
  }

  /** Unsigned LEB128 up to 2^53; multiplication, since bit operations would cut at 32 bits. */
  varint(): number {
    const first = this.u8();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    let factor = 128;
    for (let i = 1; i < 8; i++) {
      const byte = this.u8();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
    throw new WireFormatError("a number is longer than 8 bytes", this.offset);
  }

  /** A varint that counts things which take at least one byte each. */
  count(): number {
    const value = this.varint();
    if (value > this.bytes.length - this.offset)
      throw new WireFormatError(`${value} items are announced, more than bytes are left`, this.offset);
    return value;
  }

  zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
