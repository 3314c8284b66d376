import { describe, expect, it } from "vitest";
import { areaOf, contains, polygonsOf } from "./geometry";
import { colourDifference, probabilityDifference, type Raster, regionAround } from "./wand";

const [WIDTH, HEIGHT] = [200, 120];
type Color = readonly [number, number, number, number?];

function raster(colorAt: (x: number, y: number) => Color): Raster {
  const data = new Uint8ClampedArray(WIDTH * HEIGHT * 4);
  for (let y = 0; y < HEIGHT; y++)
    for (let x = 0; x < WIDTH; x++) {
      const [r, g, b, a = 255] = colorAt(x, y);
      data.set([r, g, b, a], (y * WIDTH + x) * 4);
    }
  return { data, width: WIDTH, height: HEIGHT };
}

const inDisc = (x: number, y: number, cx: number, cy: number, r: number) =>
  (x + 0.5 - cx) ** 2 + (y + 0.5 - cy) ** 2 < r * r;
const PINK: Color = [220, 120, 170];
const GLASS: Color = [240, 240, 242];

describe("by colour", () => {
  const discs = raster((x, y) =>
    inDisc(x, y, 60, 60, 40) || inDisc(x, y, 150, 60, 30) ? (inDisc(x, y, 60, 60, 15) ? GLASS : PINK) : GLASS,
  );
  const region = (place: readonly [number, number], tolerance = 24) =>
    regionAround(colourDifference(discs, place), place, tolerance);

  it("takes what is connected, with its hole, and not its twin", () => {
    const ring = region([60, 30]);
    if (ring === null) throw new Error("nothing");
    expect(polygonsOf(ring)).toHaveLength(1);
    expect(polygonsOf(ring)[0]).toHaveLength(2);
    const share = areaOf(ring) / (Math.PI * (40 ** 2 - 15 ** 2));
    expect(share).toBeGreaterThan(0.96);
    expect(share).toBeLessThan(1.02);
    expect(contains(ring, [60, 60])).toBe(false);
    expect(contains(ring, [150, 60])).toBe(false);
  });

  it("goes over small specks, and up to the edge of the picture", () => {
    const specked = raster((x, y) => (x % 40 === 20 && y % 40 === 20 ? [60, 20, 90] : PINK));
    const whole = regionAround(colourDifference(specked, [5, 5]), [5, 5], 60);
    expect(whole && areaOf(whole)).toBeGreaterThan(WIDTH * HEIGHT * 0.99);
    expect(whole && polygonsOf(whole)[0]).toHaveLength(1);
  });

  it("takes more with more tolerance, and nothing where there is no picture", () => {
    const slope = raster((x) => [x, x, x]);
    const areas = [10, 20, 40].map((tolerance) => {
      const found = regionAround(colourDifference(slope, [50, 60]), [50, 60], tolerance);
      return found === null ? 0 : areaOf(found) / HEIGHT;
    });
    expect(areas.map(Math.round)).toEqual([20, 40, 80]);
    const empty = raster(() => [0, 0, 0, 0]);
    expect(regionAround(colourDifference(empty, [5, 5]), [5, 5], 200)).toBeNull();
  });
});

describe("by probability", () => {
  const seen = raster((x, y) => {
    if (x > 190) return [0, 0, 0, 0];
    const p = Math.max(0, 250 - 4 * Math.hypot(x + 0.5 - 80, y + 0.5 - 60));
    return [p, 20, 0];
  });

  it("takes what the model would outline at its threshold", () => {
    const difference = probabilityDifference(seen, [80, 60], 0.5);
    if (difference === null) throw new Error("the model sees nothing");
    const region = regionAround(difference, [80, 60], difference.tolerance);
    // 250 - 4 r falls to 127.5 at r = 30.6.
    expect(region && areaOf(region) / (Math.PI * 30.6 ** 2)).toBeCloseTo(1, 1);
  });

  it("takes what is surer than the place, too", () => {
    const difference = probabilityDifference(seen, [100, 60], 0.5);
    const region = difference && regionAround(difference, [100, 60], difference.tolerance);
    expect(region && contains(region, [80, 60])).toBe(true);
  });

  it("says nothing where the model sees nothing, or has not been", () => {
    expect(probabilityDifference(seen, [170, 10], 0.5)).toBeNull();
    expect(probabilityDifference(seen, [195, 60], 0.5)).toBeNull();
  });
});
