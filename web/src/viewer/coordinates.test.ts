import { describe, expect, it } from "vitest";
import {
  applyAffine,
  composed,
  level0FromMap,
  level0FromScreen,
  mapExtentFromLevel0,
  mapFromLevel0,
  type ScreenView,
  screenFromLevel0,
  visibleCorners,
} from "./coordinates";

const VIEW: ScreenView = { center: [1000, 500], downsample: 4, rotation: 0, width: 200, height: 100 };

describe("planes", () => {
  it("turns y over between slide and map", () => {
    expect(mapFromLevel0([3, 7])).toEqual([3, -7]);
    expect(level0FromMap([3, -7])).toEqual([3, 7]);
    expect(mapExtentFromLevel0([1, 2, 3, 4])).toEqual([1, -4, 3, -2]);
  });

  it("puts the centre in the middle and counts downsample level-0 pixels a screen pixel", () => {
    expect(applyAffine(screenFromLevel0(VIEW), [1000, 500])).toEqual([100, 50]);
    expect(applyAffine(screenFromLevel0(VIEW), [1004, 508])).toEqual([101, 52]);
    expect(visibleCorners(VIEW)).toEqual([
      [600, 300],
      [1400, 300],
      [1400, 700],
      [600, 700],
    ]);
  });

  it("turns clockwise on the screen", () => {
    const [x, y] = applyAffine(screenFromLevel0({ ...VIEW, rotation: Math.PI / 2 }), [1004, 500]);
    expect([x, y].map((value) => Math.round(value * 1e9) / 1e9)).toEqual([100, 51]);
  });

  it("composes as applying one after the other", () => {
    const [first, second] = [
      screenFromLevel0({ ...VIEW, rotation: 0.7 }),
      level0FromScreen({ ...VIEW, rotation: -0.2, downsample: 3 }),
    ];
    const [x, y] = applyAffine(composed(first, second), [17, 5]);
    const [wantedX, wantedY] = applyAffine(first, applyAffine(second, [17, 5]));
    expect(x).toBeCloseTo(wantedX, 9);
    expect(y).toBeCloseTo(wantedY, 9);
  });

  it.each([0, 0.3, -2, Math.PI])("goes there and back at rotation %d", (rotation) => {
    const view = { ...VIEW, rotation };
    const [x, y] = applyAffine(level0FromScreen(view), applyAffine(screenFromLevel0(view), [123, 456]));
    expect(x).toBeCloseTo(123, 9);
    expect(y).toBeCloseTo(456, 9);
  });
});
