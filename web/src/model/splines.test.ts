import { describe, expect, it } from "vitest";
import type { Position } from "./annotation";
import { areaOf, closeRing, crossesItself, distanceToOutline } from "./geometry";
import { closedSpline } from "./splines";

const onCircle = (count: number, radius: number): Position[] =>
  Array.from({ length: count }, (_, k) => {
    const angle = (2 * Math.PI * k) / count;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });

describe("closedSpline", () => {
  it("is nearly the circle whose points it goes through", () => {
    const curve = closedSpline(onCircle(8, 100), 0.1);
    const area = areaOf({ type: "Polygon", coordinates: [curve] });
    expect(area / (Math.PI * 100 ** 2)).toBeCloseTo(1, 1);
    // Eight straight edges would leave out a tenth.
    expect(area).toBeGreaterThan(areaOf({ type: "Polygon", coordinates: [closeRing(onCircle(8, 100))] }) * 1.08);
    for (const point of onCircle(8, 100)) expect(curve).toContainEqual(point);
  });

  it("has no more points than the tolerance asks for", () => {
    const fine = closedSpline(onCircle(6, 100), 0.1);
    const coarse = closedSpline(onCircle(6, 100), 2);
    expect(coarse.length).toBeLessThan(fine.length / 2);
    const outline = { type: "Polygon", coordinates: [coarse] } as const;
    for (const point of fine) expect(distanceToOutline(outline, point)).toBeLessThan(2.1);
  });

  it("makes no loops where points lie close together and far apart", () => {
    const uneven: Position[] = [
      [0, 0],
      [1, 0],
      [300, 5],
      [301, 6],
      [300, 200],
      [0, 190],
    ];
    expect(crossesItself(closedSpline(uneven, 0.2))).toBe(false);
  });

  it("leaves two points and doubled ones alone", () => {
    expect(
      closedSpline(
        [
          [0, 0],
          [5, 5],
        ],
        1,
      ),
    ).toEqual([
      [0, 0],
      [5, 5],
      [0, 0],
    ]);
    expect(
      closedSpline(
        [
          [0, 0],
          [0, 0],
          [9, 0],
          [9, 9],
        ],
        100,
      ),
    ).toEqual([
      [0, 0],
      [9, 0],
      [9, 9],
      [0, 0],
    ]);
  });
});
