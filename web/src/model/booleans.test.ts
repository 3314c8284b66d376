import { describe, expect, it } from "vitest";
import { areaFromOutline, unionOf } from "./booleans";
import { areaOf, boundsOf, rectangle } from "./geometry";

describe("unionOf", () => {
  it("joins what overlaps and counts the overlap once", () => {
    const joined = unionOf(rectangle([0, 0, 10, 10]), rectangle([5, 5, 15, 15]));
    expect(joined?.type).toBe("Polygon");
    expect(joined && areaOf(joined)).toBe(175);
  });

  it("keeps apart what does not touch", () => {
    const both = unionOf(rectangle([0, 0, 10, 10]), rectangle([20, 0, 30, 10]));
    expect(both?.type).toBe("MultiPolygon");
    expect(both && areaOf(both)).toBe(200);
  });

  it("keeps a hole, and an island within it", () => {
    const ring = { type: "Polygon", coordinates: [rectangleRing(0, 30), rectangleRing(5, 25)] } as const;
    const withIsland = unionOf(ring, rectangle([10, 10, 20, 20]));
    expect(withIsland?.type).toBe("MultiPolygon");
    expect(withIsland && areaOf(withIsland)).toBe(900 - 400 + 100);
    expect(withIsland && boundsOf(withIsland)).toEqual([0, 0, 30, 30]);
  });

  it("is the same whichever way the rings turn", () => {
    const reversed = { type: "Polygon", coordinates: [[...rectangleRing(0, 10)].reverse()] } as const;
    const joined = unionOf(reversed, rectangle([5, 5, 15, 15]));
    expect(joined && areaOf(joined)).toBe(175);
  });

  it("has nothing to give for two lines", () => {
    const line = {
      type: "LineString",
      coordinates: [
        [0, 0],
        [1, 1],
      ],
    } as const;
    expect(unionOf(line, line)).toBeNull();
  });
});

describe("areaFromOutline", () => {
  it("makes two triangles of a bow tie", () => {
    const area = areaFromOutline([
      [0, 0],
      [10, 10],
      [10, 0],
      [0, 10],
      [0, 0],
    ]);
    expect(area?.type).toBe("MultiPolygon");
    expect(area && areaOf(area)).toBe(50);
  });

  it("fills a loop that was drawn round twice", () => {
    const once = rectangleRing(0, 10);
    const area = areaFromOutline([...once, ...once.slice(1)]);
    expect(area && areaOf(area)).toBe(100);
  });

  it("gives nothing for a line gone there and back", () => {
    expect(
      areaFromOutline([
        [0, 0],
        [10, 0],
        [0, 0],
      ]),
    ).toBeNull();
  });
});

function rectangleRing(from: number, to: number): readonly (readonly [number, number])[] {
  return [
    [from, from],
    [to, from],
    [to, to],
    [from, to],
    [from, from],
  ];
}
