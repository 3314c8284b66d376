import { describe, expect, it } from "vitest";
import { DEFAULT_HEATMAP_STYLE } from "../model/prediction";
import { colorHeatmap } from "./heatmapColors";

const PALETTE = { positive: "#ff0000", benign: "#0000ff", unsure: "#ffff00" };
const ALL = { ...DEFAULT_HEATMAP_STYLE, threshold: 0.5, classes: { positive: true, benign: true, unsure: true } };
const rgba = (...pixels: (readonly [number, number, number, number])[]) => Uint8ClampedArray.from(pixels.flat());

describe("colorHeatmap", () => {
  it("colours what reaches the threshold, more densely the surer", () => {
    const { classes, unsure } = colorHeatmap(rgba([127, 0, 0, 255], [128, 0, 0, 255], [255, 0, 0, 255]), ALL, PALETTE);
    expect([...classes]).toEqual([0, 0, 0, 0, 255, 0, 0, 153, 255, 0, 0, 255]);
    expect(unsure).toBeNull();
  });

  it("leaves clear what was not inferred", () => {
    expect([...colorHeatmap(rgba([255, 255, 255, 0]), ALL, PALETTE).classes]).toEqual([0, 0, 0, 0]);
  });

  it("puts unsure first, then positive, then benign", () => {
    const { classes, unsure } = colorHeatmap(
      rgba([255, 255, 200, 255], [200, 255, 0, 255], [0, 200, 0, 255]),
      ALL,
      PALETTE,
    );
    expect([...(unsure ?? [])]).toEqual([255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect([...classes].filter((_, i) => i % 4 === 0)).toEqual([0, 255, 0]);
    expect([...classes].filter((_, i) => i % 4 === 2)).toEqual([0, 0, 255]);
  });

  it("hatches unsure only where the positive class would be, and never as positive", () => {
    const { classes, unsure } = colorHeatmap(rgba([0, 0, 255, 255], [255, 0, 128, 255]), ALL, PALETTE);
    expect([...(unsure ?? [])]).toEqual([0, 0, 0, 0, 255, 255, 255, 255]);
    expect(classes.every((value) => value === 0)).toBe(true);
    const hidden = { ...ALL, classes: { ...ALL.classes, unsure: false } };
    expect(colorHeatmap(rgba([255, 0, 128, 255]), hidden, PALETTE).classes[3]).toBe(0);
  });

  it("shows what lies below when a class is switched off", () => {
    const style = { ...ALL, classes: { positive: false, benign: true, unsure: false } };
    const { classes, unsure } = colorHeatmap(rgba([255, 255, 255, 255]), style, PALETTE);
    expect([...classes]).toEqual([0, 0, 255, 255]);
    expect(unsure).toBeNull();
  });

  it("shows everything that was inferred at threshold 0, and only certainty at 1", () => {
    expect(colorHeatmap(rgba([1, 0, 0, 255]), { ...ALL, threshold: 0 }, PALETTE).classes[3]).toBe(153);
    expect(colorHeatmap(rgba([254, 0, 0, 255]), { ...ALL, threshold: 1 }, PALETTE).classes[3]).toBe(0);
    expect(colorHeatmap(rgba([255, 0, 0, 255]), { ...ALL, threshold: 1 }, PALETTE).classes[3]).toBe(255);
  });
});
