import { describe, expect, it } from "vitest";
import { areaOf, boundsOf } from "./geometry";
import { capsule } from "./strokes";

/** Of the regular polygon of 32 corners in a circle of radius 5. */
const DISC = 16 * 25 * Math.sin(Math.PI / 16);

describe("capsule", () => {
  it("is a disc where it goes nowhere", () => {
    expect(areaOf(capsule([10, 20], [10, 20], 5))).toBeCloseTo(DISC, 6);
    expect(boundsOf(capsule([10, 20], [10, 20], 5)).map(Math.round)).toEqual([5, 15, 15, 25]);
  });

  it.each([
    [40, 0],
    [0, -40],
    [24, 32],
  ] as const)("covers the way to (%i, %i) and half a disc at each end", (x, y) => {
    expect(areaOf(capsule([0, 0], [x, y], 5))).toBeCloseTo(40 * 10 + DISC, 6);
  });
});
