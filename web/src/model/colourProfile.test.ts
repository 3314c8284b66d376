import { describe, expect, it } from "vitest";
import { profileSegments, withSegments } from "./colourProfile";

const text = (bytes: Uint8Array) => String.fromCharCode(...bytes);
const joined = (parts: readonly Uint8Array[]) => parts.flatMap((part) => [...part]);

describe("a colour profile in a JPEG", () => {
  it("is one numbered segment when it is small", () => {
    const segments = profileSegments(new Uint8Array([7, 8, 9]));
    expect([...segments.subarray(0, 4)]).toEqual([0xff, 0xe2, 0, 19]);
    expect(text(segments.subarray(4, 16))).toBe("ICC_PROFILE\0");
    expect([...segments.subarray(16)]).toEqual([1, 1, 7, 8, 9]);
  });

  it("is cut into segments of 64 kB that add up to it", () => {
    const profile = Uint8Array.from({ length: 141_992 }, (_, place) => place % 251);
    const segments = profileSegments(profile);
    const found: number[] = [];
    let count = 0;
    for (let at = 0; at < segments.length; ) {
      const length = ((segments[at + 2] ?? 0) << 8) | (segments[at + 3] ?? 0);
      count += 1;
      expect([segments[at], segments[at + 1], segments[at + 16], segments[at + 17]]).toEqual([0xff, 0xe2, count, 3]);
      found.push(...segments.subarray(at + 18, at + 2 + length));
      at += 2 + length;
    }
    expect(count).toBe(3);
    expect(found).toEqual([...profile]);
  });

  it("that is too large for any JPEG is refused", () => {
    expect(() => profileSegments(new Uint8Array(65_519 * 255 + 1))).toThrow("does not fit into a JPEG");
  });

  it("goes behind the JFIF header, or behind the first marker where there is none", () => {
    const segments = new Uint8Array([1, 2]);
    const plain = new Uint8Array([0xff, 0xd8, 0xff, 0xdb, 0, 2]);
    expect(joined(withSegments(plain, segments))).toEqual([0xff, 0xd8, 1, 2, 0xff, 0xdb, 0, 2]);
    const jfif = new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 0, 4, 5, 6, 0xff, 0xdb]);
    expect(joined(withSegments(jfif, segments))).toEqual([0xff, 0xd8, 0xff, 0xe0, 0, 4, 5, 6, 1, 2, 0xff, 0xdb]);
  });

  it("leaves alone what is no JPEG", () => {
    const png = new Uint8Array([0x89, 0x50]);
    expect(withSegments(png, new Uint8Array([1]))).toEqual([png]);
  });
});
