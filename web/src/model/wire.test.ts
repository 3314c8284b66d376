import { describe, expect, it } from "vitest";
import { decodeAnnotations, WireFormatError } from "./wire";

const MAGIC = [0x43, 0x53, 0x41, 0x31];
const ID = Array.from({ length: 16 }, (_, i) => i * 0x11);
const ID_TEXT = "00112233-4455-6677-8899-aabbccddeeff";

function chunk(scaleLog2: number, source: number, count: number, body: readonly number[]): number[] {
  const content = [scaleLog2, source, count & 0xff, count >> 8, 0, 0, ...body];
  return [content.length & 0xff, content.length >> 8, 0, 0, ...content];
}

function decode(...chunks: number[][]) {
  return decodeAnnotations(Uint8Array.from([...MAGIC, ...chunks.flat()]));
}

describe("decodeAnnotations", () => {
  it("reads an empty answer", () => {
    const objects = decode();
    expect(objects.count).toBe(0);
    expect([...objects.polygonStart]).toEqual([0]);
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
      3,
      0x20,
      0x40,
      0x20,
      0x00,
      0x00,
      0x20, // (16, 32) (+16, 0) (0, +16)
      1,
      0x1f,
      0x0f, // (-16, -8)
    ];
    const objects = decode(chunk(4, 0, 1, body));
    expect(objects.count).toBe(1);
    expect(objects.ids).toEqual([ID_TEXT]);
    expect([objects.sources[0], objects.indexes[0], objects.kinds[0], objects.classes[0], objects.means[0]]).toEqual([
      0, 300, 4, 1, 204,
    ]);
    expect([...objects.polygonStart]).toEqual([0, 1]);
    expect([...objects.ringStart]).toEqual([0, 2]);
    expect([...objects.pointStart]).toEqual([0, 3, 4]);
    expect([...objects.xy]).toEqual([1, 2, 2, 2, 2, 3, 1, 2.5]);
  });

  it("reads live annotations, each with its own id, over several chunks", () => {
    const point = (id: readonly number[], x: number) => [...id, 0, 0, 255, 0, 1, 1, 1, x, 0];
    const other = [...ID].reverse();
    const objects = decode(chunk(0, 1, 2, [...point(ID, 2), ...point(other, 4)]), chunk(1, 1, 1, point(ID, 6)));
    expect(objects.ids).toEqual([ID_TEXT, "ffeeddcc-bbaa-9988-7766-554433221100", ID_TEXT]);
    expect([...objects.classes]).toEqual([255, 255, 255]);
    expect([...objects.xy]).toEqual([1, 0, 2, 0, 1.5, 0]);
  });

  it("reads a coordinate that needs more than 32 bits", () => {
    // zigzag(2^33) = 2^34: five bytes of 7 bits, the highest with bit 34 - 28 = 6.
    const objects = decode(chunk(4, 1, 1, [...ID, 0, 0, 255, 0, 1, 1, 1, 0x80, 0x80, 0x80, 0x80, 0x40, 0]));
    expect(objects.xy[0]).toBe(2 ** 33 / 16);
  });

  it.each([
    ['does not start with "CSA1"', () => decodeAnnotations(Uint8Array.from([1, 2, 3, 4]))],
    ["ends too early", () => decodeAnnotations(Uint8Array.from([...MAGIC, 1, 0]))],
    ["past the 12 bytes received", () => decodeAnnotations(Uint8Array.from([...MAGIC, 99, 0, 0, 0, 0, 0, 0, 0]))],
    ["unknown source 7", () => decode(chunk(0, 7, 0, []))],
    ["unknown kind 9", () => decode(chunk(0, 1, 1, [...ID, 0, 9, 0, 0, 1, 1, 1, 0, 0]))],
    ["127 items are announced", () => decode(chunk(0, 1, 1, [...ID, 0, 0, 0, 0, 1, 1, 127, 0, 0]))],
    ["a chunk should end at", () => decode(chunk(0, 1, 0, [1, 2, 3]))],
  ])("refuses data that %s", (what, read) => {
    expect(read).toThrow(WireFormatError);
    expect(read).toThrow(what);
  });
});
