import { describe, expect, it } from "vitest";
import { regionInView } from "./predictHere";

const SLIDE = { width: 1000, height: 600 };

describe("the region that is asked about", () => {
  it("is the part of the slide in view", () => {
    expect(regionInView([100, 50, 400, 250], SLIDE)).toEqual([100, 50, 300, 200]);
    expect(regionInView([-80, -20, 400, 900], SLIDE)).toEqual([0, 0, 400, 600]);
  });

  it("is none when the view shows nothing of it", () => {
    expect(regionInView([1001, 0, 1400, 300], SLIDE)).toBeNull();
    expect(regionInView([-400, 0, 0.5, 300], SLIDE)).toBeNull();
  });
});
