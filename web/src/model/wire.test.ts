import { describe, expect, it } from "vitest";
import { ellipse } from "./geometry";
import { packed, wireChunk } from "./testing/packed";
import { forEachRing, geometryOfPacked, indexPacked, WireFormatError } from "./wire";

const MAGIC = [0x43, 0x53, 0x41, 0x31];
const ID = Array.from({ length: 16 }, (_, i) => i * 0x11);

function index(...chunks: number[][]) {
  return indexPacked(Uint8Array.from([...MAGIC, ...chunks.flat()]));
}

describe("indexPacked", () => {
  it("reads an empty answer", () => {
    expect(index().count).toBe(0);
  });

  it("reads a predicted polygon with a hole, in sixteenths of a pixel, each point relative to the one before", () => {
    const body = [
      ...ID, // the layer
      0xac,
      0x02, // index 300
      4, // POLYGON
      1, // class
      204, // mean 0.8
      1, // one polygon
      2, // two rings
      ...[3, 0x20, 0x40, 0x20, 0x00, 0x00, 0x20], // (16, 32) (+16, 0) (0, +16)
      ...[1, 0x1f, 0x0f], // (-16, -8)
    ];
    const objects = index(wireChunk(4, 0, 1, body));
    expect(objects.count).toBe(1);
    expect([objects.indexes[0], objects.kinds[0], objects.classes[0], objects.means[0]]).toEqual([300, 4, 1, 204]);
    expect([...objects.bounds]).toEqual([1, 2, 2, 3]);
    expect([objects.points[0], objects.areas[0]]).toEqual([4, 0.5]);
    const rings: unknown[] = [];
    forEachRing(objects, 0, (xy, ring, polygon) => rings.push([polygon, ring, ...xy]));
    expect(rings).toEqual([
      [0, 0, 1, 2, 2, 2, 2, 3],
      [0, 1, 1, 2.5],
    ]);
  });

  it("reads live annotations, each behind its own id, over several chunks", () => {
    const point = (x: number) => [...ID, 0, 0, 255, 0, 1, 1, 1, x, 0];
    const objects = index(wireChunk(0, 1, 2, [...point(2), ...point(4)]), wireChunk(1, 1, 1, point(6)));
    expect([...objects.classes]).toEqual([255, 255, 255]);
    expect([0, 1, 2].map((i) => geometryOfPacked(objects, i))).toEqual([
      { type: "Point", coordinates: [1, 0] },
      { type: "Point", coordinates: [2, 0] },
      { type: "Point", coordinates: [1.5, 0] },
    ]);
  });

  it("reads a coordinate that needs more than 32 bits", () => {
    // zigzag(2^33) = 2^34: five bytes of 7 bits, the highest with bit 34 - 28 = 6.
    const objects = index(wireChunk(4, 1, 1, [...ID, 0, 0, 255, 0, 1, 1, 1, 0x80, 0x80, 0x80, 0x80, 0x40, 0]));
    expect(geometryOfPacked(objects, 0)).toEqual({ type: "Point", coordinates: [2 ** 33 / 16, 0] });
  });

  it("gives back what was packed, and its measures", () => {
    const round = ellipse([100, 200, 140, 220]);
    const parts = {
      type: "MultiPolygon",
      coordinates: [
        [
          [
            [0, 0],
            [8, 0],
            [8, 8],
            [0, 8],
            [0, 0],
          ],
          [
            [2, 2],
            [2, 6],
            [6, 6],
            [2, 2],
          ],
        ],
        [
          [
            [20, 0],
            [24, 0],
            [24, 4],
            [20, 0],
          ],
        ],
      ],
    } as const;
    const objects = indexPacked(packed([{ geometry: round }, { geometry: parts, classIndex: 3, mean: 128 }], 10));
    expect(geometryOfPacked(objects, 1)).toEqual(parts);
    expect(objects.areas[1]).toBe(64 - 8 + 8);
    expect([...objects.bounds.subarray(4)]).toEqual([0, 0, 24, 8]);
    expect(objects.areas[0]).toBeCloseTo(Math.PI * 20 * 10, -1);
    expect([objects.indexes[1], objects.classes[1], objects.means[1]]).toEqual([1, 3, 128]);
  });

  it.each([
    ['does not start with "CSA1"', () => indexPacked(Uint8Array.from([1, 2, 3, 4]))],
    ["ends too early", () => indexPacked(Uint8Array.from([...MAGIC, 1, 0]))],
    ["past the 12 bytes received", () => indexPacked(Uint8Array.from([...MAGIC, 99, 0, 0, 0, 0, 0, 0, 0]))],
    ["unknown source 7", () => index(wireChunk(0, 7, 0, []))],
    ["unknown kind 9", () => index(wireChunk(0, 1, 1, [...ID, 0, 9, 0, 0, 1, 1, 1, 0, 0]))],
    ["127 items are announced", () => index(wireChunk(0, 1, 1, [...ID, 0, 0, 0, 0, 1, 1, 127, 0, 0]))],
    ["objects are announced", () => index(wireChunk(0, 1, 60_000, []))],
    ["a chunk should end at", () => index(wireChunk(0, 1, 0, [1, 2, 3]))],
  ])("refuses data that %s", (what, read) => {
    expect(read).toThrow(WireFormatError);
    expect(read).toThrow(what);
  });
});
