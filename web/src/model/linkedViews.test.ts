import { describe, expect, it } from "vitest";
import { followed, linkOf, reversed, type Standpoint } from "./linkedViews";

const at = (x: number, y: number, downsample = 1, rotationDegrees = 0): Standpoint => ({
  center: [x, y],
  downsample,
  rotationDegrees,
});
const QUARTER = { mppX: 0.25, mppY: 0.25 };
const HALF = { mppX: 0.5, mppY: 0.5 };
const UNKNOWN = { mppX: null, mppY: null };

describe("linked views", () => {
  it("go as many micrometres, at as many micrometres per screen pixel", () => {
    const link = linkOf(at(1000, 1000), at(300, 200), QUARTER, HALF);
    expect(followed(link, at(1000, 1000, 4))).toEqual(at(300, 200, 2));
    expect(followed(link, at(1100, 960, 8))).toEqual(at(350, 180, 4));
  });

  it("keep the zoom to each other where a scale is not known", () => {
    const link = linkOf(at(0, 0, 2), at(0, 0, 6), QUARTER, UNKNOWN);
    expect(followed(link, at(10, 0, 1))).toEqual(at(30, 0, 3));
  });

  it("move alike on the screen when one slide is turned against the other", () => {
    const link = linkOf(at(0, 0, 1, 0), at(0, 0, 1, 90), HALF, HALF);
    const { center, rotationDegrees } = followed(link, at(10, 0, 1, 30));
    expect(rotationDegrees).toBe(120);
    // Turned by 90° clockwise, what lies right on the screen lies up in the slide.
    expect(center[0]).toBeCloseTo(0);
    expect(center[1]).toBeCloseTo(-10);
  });

  it("lead back to where they came from", () => {
    const link = linkOf(at(5, 7, 3, 20), at(-40, 11, 2, -75), QUARTER, HALF);
    const from = at(123, -45, 1.7, 33);
    const back = followed(reversed(link), followed(link, from));
    expect(back.center[0]).toBeCloseTo(123);
    expect(back.center[1]).toBeCloseTo(-45);
    expect(back.downsample).toBeCloseTo(1.7);
    expect(back.rotationDegrees).toBeCloseTo(33);
  });
});
