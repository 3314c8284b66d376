import { describe, expect, it } from "vitest";
import { downsampleAtOneX, formatArea, formatLength, scaleBar } from "./units";

const HALF = { mppX: 0.5, mppY: 0.5 };
const UNKNOWN = { mppX: null, mppY: null };

describe("lengths and areas", () => {
  it.each([
    [100, "50 µm"],
    [1_624, "812 µm"],
    [2_480, "1.24 mm"],
    [30_000, "15 mm"],
  ])("%d px at 0.5 µm are %s", (px, text) => {
    expect(formatLength(px, HALF)).toBe(text);
  });

  it.each([
    [400, "100 µm²"],
    [1_240_000, "0.31 mm²"],
    [7_680_000, "1.92 mm²"],
  ])("%d px² at 0.5 µm are %s", (px, text) => {
    expect(formatArea(px, HALF)).toBe(text);
  });

  it("says px where the scale is unknown, instead of guessing one", () => {
    expect(formatLength(3_204, UNKNOWN)).toBe("3,204 px");
    expect(formatArea(469_546, UNKNOWN)).toBe("469,546 px²");
    expect(formatArea(1_280_000, UNKNOWN)).toBe("1.28 Mpx");
  });

  it("uses both axes where they differ", () => {
    expect(formatArea(1_000_000, { mppX: 0.5, mppY: 0.25 })).toBe("0.13 mm²");
  });
});

describe("scaleBar", () => {
  it.each([
    [1, "50 µm", 100],
    [4, "200 µm", 100],
    [40, "2 mm", 100],
    [0.1, "5 µm", 100],
  ])("at downsample %d it is %s, %d screen pixels wide", (downsample, label, width) => {
    const bar = scaleBar(downsample, HALF, 140);
    expect(bar.label).toBe(label);
    expect(bar.widthScreenPx).toBeCloseTo(width, 9);
  });

  it("counts pixels where mpp is unknown", () => {
    expect(scaleBar(5, UNKNOWN, 140)).toEqual({ label: "500 px", widthScreenPx: 100 });
  });

  it("is never longer than allowed and never shorter than 40 % of it", () => {
    for (let downsample = 0.07; downsample < 300; downsample *= 1.13) {
      const { widthScreenPx } = scaleBar(downsample, HALF, 140);
      expect(widthScreenPx).toBeLessThanOrEqual(140 + 1e-9);
      expect(widthScreenPx).toBeGreaterThan(140 * 0.399);
    }
  });
});

describe("downsampleAtOneX", () => {
  it("follows the objective, else the mpp, else nothing", () => {
    expect(downsampleAtOneX({ ...HALF, objectivePower: 20 })).toBe(20);
    expect(downsampleAtOneX({ mppX: 0.25, mppY: 0.25, objectivePower: null })).toBe(40);
    expect(downsampleAtOneX({ ...UNKNOWN, objectivePower: null })).toBeNull();
  });
});
