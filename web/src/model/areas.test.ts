import { describe, expect, it } from "vitest";
import type { Geometry, Position, Ring } from "./annotation";
import {
  exclusionOfAll,
  grown,
  hasHoles,
  intersectionOfAll,
  simplified,
  splitBy,
  unionOfAll,
  withoutHoles,
} from "./areas";
import { differenceOf } from "./booleans";
import { areaOf, boundsOf, ellipse, pathsOf, rectangle } from "./geometry";

const areaOfAll = (pieces: readonly Geometry[]) => pieces.reduce((sum, piece) => sum + areaOf(piece), 0);
const frame = differenceOf(rectangle([0, 0, 30, 30]), rectangle([10, 10, 20, 20])) as Geometry;
const overlapping = [rectangle([0, 0, 10, 10]), rectangle([5, 0, 15, 10]), rectangle([8, 0, 20, 10])];

describe("union, intersection, exclusion", () => {
  it("of three that overlap", () => {
    expect(boundsOf(unionOfAll(overlapping) as Geometry)).toEqual([0, 0, 20, 10]);
    expect(areaOf(unionOfAll(overlapping) as Geometry)).toBe(200);
    expect(boundsOf(intersectionOfAll(overlapping) as Geometry)).toEqual([8, 0, 10, 10]);
    // 0-5 by one, 5-8 by two, 8-10 by three, 10-15 by two, 15-20 by one.
    expect(areaOf(exclusionOfAll(overlapping) as Geometry)).toBe(50 + 20 + 50);
  });

  it("is nothing where nothing is common", () => {
    expect(intersectionOfAll([rectangle([0, 0, 5, 5]), rectangle([6, 0, 9, 5])])).toBeNull();
    expect(exclusionOfAll([rectangle([0, 0, 5, 5]), rectangle([0, 0, 5, 5])])).toBeNull();
  });
});

describe("grown", () => {
  it("puts a round border around an area, and takes it away", () => {
    const larger = grown(rectangle([0, 0, 100, 50]), 10) as Geometry;
    expect(boundsOf(larger)).toEqual([-10, -10, 110, 60]);
    expect(areaOf(larger)).toBeCloseTo(100 * 50 + 2 * 10 * 150 + Math.PI * 100, -1);
    expect(boundsOf(grown(larger, -10) as Geometry)).toEqual([0, 0, 100, 50]);
  });

  it("narrows a hole, and fills it when it is small", () => {
    const narrower = grown(frame, 2) as Geometry;
    expect(hasHoles(narrower)).toBe(true);
    expect(boundsOf({ type: "Polygon", coordinates: [narrower.coordinates[1] as Ring] })).toEqual([12, 12, 18, 18]);
    expect(hasHoles(grown(frame, 6) as Geometry)).toBe(false);
  });

  it("leaves nothing of what is too thin", () => {
    expect(grown(rectangle([0, 0, 100, 8]), -4)).toBeNull();
  });
});

describe("withoutHoles", () => {
  it("fills holes and what lies in them", () => {
    const withIsland = unionOfAll([frame, rectangle([14, 14, 16, 16])]) as Geometry;
    expect(withIsland.type).toBe("MultiPolygon");
    expect(withoutHoles(withIsland)).toEqual(unionOfAll([rectangle([0, 0, 30, 30])]));
  });
});

describe("simplified", () => {
  it("leaves out what lies within the tolerance, and nothing more", () => {
    const round = ellipse([0, 0, 200, 200]);
    const coarse = simplified(round, 2);
    const corners = pathsOf(coarse)[0]?.length ?? 0;
    expect(corners).toBeGreaterThan(10);
    expect(corners).toBeLessThan(30);
    expect(areaOf(coarse) / areaOf(round)).toBeGreaterThan(0.96);
    expect(areaOf(simplified(rectangle([0, 0, 10, 10]), 100))).toBe(100);
  });

  it("makes a line straighter", () => {
    const line: Geometry = {
      type: "LineString",
      coordinates: [
        [0, 0],
        [5, 0.4],
        [10, 0],
      ],
    };
    expect(simplified(line, 0.5)).toEqual({
      type: "LineString",
      coordinates: [
        [0, 0],
        [10, 0],
      ],
    });
  });
});

describe("splitBy", () => {
  const square = rectangle([0, 0, 100, 100]);
  const across: readonly Position[] = [
    [-10, 40],
    [110, 40],
  ];

  it("gives two pieces that share the line, and together the whole", () => {
    const pieces = splitBy(square, across);
    expect(pieces.map(boundsOf)).toEqual([
      [0, 40, 100, 100],
      [0, 0, 100, 40],
    ]);
    expect(areaOfAll(pieces)).toBe(10_000);
  });

  it("follows a bent line", () => {
    const pieces = splitBy(square, [
      [-10, 20],
      [50, 60],
      [110, 20],
    ]);
    expect(pieces).toHaveLength(2);
    expect(areaOfAll(pieces)).toBeCloseTo(10_000, 0);
    for (const piece of pieces) expect(pathsOf(piece).flat()).toContainEqual([50, 60]);
  });

  it("does nothing with a line that ends inside or passes by", () => {
    expect(
      splitBy(square, [
        [-10, 40],
        [60, 40],
      ]),
    ).toEqual([]);
    expect(
      splitBy(square, [
        [-10, 140],
        [160, 140],
      ]),
    ).toEqual([]);
  });

  it("cuts where it goes through, and leaves out the end that stops inside", () => {
    const comb = unionOfAll([rectangle([0, 0, 20, 100]), rectangle([0, 0, 100, 20]), rectangle([80, 0, 100, 100])]);
    const pieces = splitBy(comb as Geometry, [
      [-10, 60],
      [90, 60],
    ]);
    expect(pieces).toHaveLength(2);
    expect(areaOfAll(pieces)).toBe(areaOf(comb as Geometry));
    expect(boundsOf(pieces[1] as Geometry)).toEqual([0, 60, 20, 100]);
  });

  it("needs to pass a hole on both sides to cut", () => {
    expect(
      splitBy(frame, [
        [-5, 15],
        [15, 15],
      ]),
    ).toEqual([]);
    const halves = splitBy(frame, [
      [-5, 15],
      [35, 15],
    ]);
    expect(halves.map(areaOf)).toEqual([400, 400]);
    expect(halves.some(hasHoles)).toBe(false);
  });

  it("gives three pieces to a line that goes there and back", () => {
    const pieces = splitBy(square, [
      [-10, 20],
      [110, 20],
      [110, 70],
      [-10, 70],
    ]);
    expect(pieces.map(areaOf)).toEqual([5000, 3000, 2000]);
  });
});
