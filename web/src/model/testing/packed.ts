/** Writer of packed annotations for tests: the same format as `docs/wire.md`, one chunk of a prediction's objects. */
import type { Geometry } from "../annotation";
import { pathsOf, polygonsOf } from "../geometry";

interface Item {
  readonly geometry: Geometry;
  readonly classIndex?: number;
  readonly mean?: number;
}

const LAYER = Array.from({ length: 16 }, () => 7);

/** A chunk around the bytes of its objects. */
export function wireChunk(scaleLog2: number, source: number, count: number, body: readonly number[]): number[] {
  const content = [scaleLog2, source, ...u32(count), ...body];
  return [...u32(content.length), ...content];
}

/** A whole file; objects are numbered by their place. */
export function packed(items: readonly Item[], scaleLog2 = 2): Uint8Array<ArrayBuffer> {
  const body = [...LAYER, ...items.flatMap((item, index) => objectBytes(item, index, 2 ** scaleLog2))];
  return Uint8Array.from([0x43, 0x53, 0x41, 0x31, ...wireChunk(scaleLog2, 0, items.length, body)]);
}

function objectBytes({ geometry, classIndex = 1, mean = 200 }: Item, index: number, unit: number): number[] {
  const closed = polygonsOf(geometry);
  const kind = { Point: 0, LineString: 1, Polygon: 4, MultiPolygon: 5 }[geometry.type];
  const polygons =
    closed.length > 0 ? closed.map((rings) => rings.map((ring) => ring.slice(0, -1))) : [pathsOf(geometry)];
  const bytes = [...varint(index), kind, classIndex, mean, ...varint(polygons.length)];
  let [lastX, lastY] = [0, 0];
  for (const rings of polygons) {
    bytes.push(...varint(rings.length));
    for (const ring of rings) {
      bytes.push(...varint(ring.length));
      for (const [x, y] of ring) {
        const [unitX, unitY] = [Math.round(x * unit), Math.round(y * unit)];
        bytes.push(...zigzag(unitX - lastX), ...zigzag(unitY - lastY));
        [lastX, lastY] = [unitX, unitY];
      }
    }
  }
  return bytes;
}

function zigzag(value: number): number[] {
  return varint(value >= 0 ? value * 2 : -value * 2 - 1);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return [...bytes, rest];
}

function u32(value: number): number[] {
  return [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, (value >> 24) & 0xff];
}
