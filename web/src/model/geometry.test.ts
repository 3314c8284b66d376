import { describe, expect, it } from "vitest";
import type { Geometry, Position } from "./annotation";
import {
  areaOf,
  boundsOf,
  boundsOfPositions,
  closeRing,
  contains,
  crossesItself,
  distanceToOutline,
  ellipse,
  fitInto,
  hits,
  lengthOf,
  rectangle,
  roundPositions,
  signedRingArea,
  simplify,
  translate,
  unionOfBounds,
} from "./geometry";

const SQUARE = rectangle([0, 0, 10, 10]);
const WITH_HOLE: Geometry = {
  type: "Polygon",
  coordinates: [
    [
      [0, 0],
      [10, 0],
      [10, 10],
      [0, 10],
      [0, 0],
    ],
    [
      [4, 4],
      [6, 4],
      [6, 6],
      [4, 6],
      [4, 4],
    ],
  ],
};
const LINE: Geometry = {
  type: "LineString",
  coordinates: [
    [0, 0],
    [3, 4],
    [3, 10],
  ],
};
const POINT: Geometry = { type: "Point", coordinates: [5, 7] };

describe("measures", () => {
  it("takes holes out of the area and counts their edges", () => {
    expect(areaOf(WITH_HOLE)).toBe(96);
    expect(lengthOf(WITH_HOLE)).toBe(48);
  });

  it("adds the polygons of a multipolygon", () => {
    const two: Geometry = {
      type: "MultiPolygon",
      coordinates: [
        [...WITH_HOLE.coordinates],
        [
          [
            [20, 0],
            [21, 0],
            [21, 1],
            [20, 1],
            [20, 0],
          ],
        ],
      ],
    };
    expect(areaOf(two)).toBe(97);
    expect(boundsOf(two)).toEqual([0, 0, 21, 10]);
  });

  it("gives lines a length and no area, points neither", () => {
    expect([areaOf(LINE), lengthOf(LINE)]).toEqual([0, 11]);
    expect([areaOf(POINT), lengthOf(POINT)]).toEqual([0, 0]);
    expect(boundsOf(POINT)).toEqual([5, 7, 5, 7]);
  });

  it("tells the direction of a ring by the sign: clockwise on the screen is positive", () => {
    expect(
      signedRingArea([
        [0, 0],
        [10, 0],
        [10, 10],
        [0, 10],
        [0, 0],
      ]),
    ).toBe(100);
    expect(
      signedRingArea([
        [0, 0],
        [0, 10],
        [10, 10],
        [10, 0],
        [0, 0],
      ]),
    ).toBe(-100);
  });

  it("refuses bounds of nothing and says so", () => {
    expect(() => boundsOfPositions([])).toThrow("No positions, so no bounds: give at least one point.");
    expect(unionOfBounds([])).toBeNull();
    expect(
      unionOfBounds([
        [0, 0, 1, 1],
        [5, -2, 6, 0],
      ]),
    ).toEqual([0, -2, 6, 1]);
  });
});

describe("hit tests", () => {
  it("knows inside, hole and outside", () => {
    expect([contains(WITH_HOLE, [2, 2]), contains(WITH_HOLE, [5, 5]), contains(WITH_HOLE, [12, 5])]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it("measures to the nearest edge, also of a hole", () => {
    expect(distanceToOutline(WITH_HOLE, [5, 5])).toBe(1);
    expect(distanceToOutline(SQUARE, [13, 14])).toBe(5);
    expect(distanceToOutline(POINT, [5, 10])).toBe(3);
  });

  it("hits lines and points within the tolerance only", () => {
    expect([hits(LINE, [4, 7], 1), hits(LINE, [5, 7], 1)]).toEqual([true, false]);
    expect([hits(POINT, [6, 7], 1), hits(POINT, [7, 7], 1)]).toEqual([true, false]);
    expect(hits(WITH_HOLE, [5, 5], 0.5)).toBe(false);
  });
});

describe("shapes", () => {
  it("makes an ellipse whose area is off by less than 0.2 %", () => {
    const area = areaOf(ellipse([0, 0, 200, 100]));
    expect(Math.abs(area - Math.PI * 100 * 50) / (Math.PI * 100 * 50)).toBeLessThan(0.002);
    expect(boundsOf(ellipse([0, 0, 200, 100]))).toEqual([0, 0, 200, 100]);
  });

  it("closes a ring once", () => {
    const open: Position[] = [
      [0, 0],
      [1, 0],
      [1, 1],
    ];
    expect(closeRing(open)).toEqual([...open, [0, 0]]);
    expect(closeRing(closeRing(open))).toEqual([...open, [0, 0]]);
    expect(closeRing([])).toEqual([]);
  });

  it("moves and stretches without changing its argument", () => {
    expect(boundsOf(translate(SQUARE, 5, -3))).toEqual([5, -3, 15, 7]);
    expect(boundsOf(fitInto(SQUARE, [0, 0, 10, 10], [0, 0, 20, 5]))).toEqual([0, 0, 20, 5]);
    expect(
      fitInto(
        {
          type: "LineString",
          coordinates: [
            [0, 0],
            [10, 0],
          ],
        },
        [0, 0, 10, 0],
        [5, 5, 25, 5],
      ),
    ).toEqual({
      type: "LineString",
      coordinates: [
        [5, 5],
        [25, 5],
      ],
    });
    expect(boundsOf(SQUARE)).toEqual([0, 0, 10, 10]);
  });

  it("rounds to sixteenths of a pixel", () => {
    expect(roundPositions({ type: "Point", coordinates: [1.03, 2.97] })).toEqual({
      type: "Point",
      coordinates: [1, 3],
    });
    expect(roundPositions({ type: "Point", coordinates: [1.04, 2.95] })).toEqual({
      type: "Point",
      coordinates: [1.0625, 2.9375],
    });
  });

  it("leaves out only what lies near the line that remains", () => {
    const path: Position[] = [
      [0, 0],
      [5, 0.4],
      [10, 0],
      [10, 10],
    ];
    expect(simplify(path, 0.5)).toEqual([
      [0, 0],
      [10, 0],
      [10, 10],
    ]);
    expect(simplify(path, 0.3)).toEqual(path);
  });

  it("sees a bow tie, and no crossing where edges only meet", () => {
    expect(
      crossesItself([
        [0, 0],
        [10, 10],
        [10, 0],
        [0, 10],
      ]),
    ).toBe(true);
    expect(
      crossesItself([
        [0, 0],
        [10, 0],
        [10, 10],
        [0, 10],
      ]),
    ).toBe(false);
  });
});
