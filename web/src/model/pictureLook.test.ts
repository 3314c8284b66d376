import { describe, expect, it } from "vitest";
import { adjustPixels, isPlain, type PictureLook, PLAIN_LOOK, STAINS, separationOf } from "./pictureLook";

const seen = (rgb: readonly number[], look: Partial<PictureLook>): number[] => {
  const pixels = Uint8ClampedArray.from([...rgb, 255]);
  adjustPixels(pixels, { ...PLAIN_LOOK, ...look });
  return [...pixels];
};

/** The colour of so much of each stain, by Beer and Lambert. */
const stained = (haematoxylin: number, eosin: number): number[] => {
  const [h, e] = [
    [0.65, 0.704, 0.286],
    [0.072, 0.99, 0.105],
  ] as const;
  const length = (vector: readonly number[]) => Math.hypot(...vector);
  return [0, 1, 2].map(
    (c) => 255 * 10 ** -((haematoxylin * (h[c] ?? 0)) / length(h) + (eosin * (e[c] ?? 0)) / length(e)),
  );
};

describe("the look of a picture", () => {
  it("changes nothing when it is plain", () => {
    expect(isPlain(PLAIN_LOOK)).toBe(true);
    for (const value of [0, 1, 17, 128, 254, 255])
      expect(seen([value, value, value], {})).toEqual([value, value, value, 255]);
  });

  it("lightens, darkens and spreads tones about the middle", () => {
    expect(seen([100, 150, 250], { brightness: 0.2 })).toEqual([151, 201, 255, 255]);
    expect(seen([100, 150, 250], { brightness: -1 })).toEqual([0, 0, 0, 255]);
    expect(seen([100, 150, 250], { contrast: -1 })).toEqual([128, 128, 128, 255]);
    const [dark, light] = [seen([100, 0, 0], { contrast: 0.4 })[0] ?? 0, seen([156, 0, 0], { contrast: 0.4 })[0] ?? 0];
    expect(dark).toBeLessThan(75);
    expect(light).toBeGreaterThan(180);
    expect(seen([64, 64, 64], { gamma: 2 })).toEqual([128, 128, 128, 255]);
    expect(seen([64, 64, 64], { gamma: 0.5 })).toEqual([16, 16, 16, 255]);
  });

  it("shows what is stained with one dye alone as it is, and nothing of the other", () => {
    const [onlyH, onlyE] = [stained(0.5, 0), stained(0, 0.4)];
    const near = (actual: number[], wanted: number[]) => {
      for (const [c, value] of wanted.entries()) expect(Math.abs((actual[c] ?? 0) - value)).toBeLessThan(4);
    };
    near(seen(onlyH, { stain: "HAEMATOXYLIN" }), onlyH);
    near(seen(onlyE, { stain: "EOSIN" }), onlyE);
    near(seen(onlyH, { stain: "EOSIN" }), [255, 255, 255]);
    near(seen(onlyE, { stain: "HAEMATOXYLIN" }), [255, 255, 255]);
    near(seen(stained(0.5, 0.4), { stain: "HAEMATOXYLIN" }), onlyH);
    near(seen(stained(0.5, 0.4), { stain: "EOSIN" }), onlyE);
    near(seen(stained(0.5, 0.4), { stain: "RESIDUAL" }), [255, 255, 255]);
  });

  it("leaves white white and clear pixels as they are", () => {
    for (const stain of STAINS) expect(seen([255, 255, 255], { stain })).toEqual([255, 255, 255, 255]);
    const clear = Uint8ClampedArray.from([9, 8, 7, 0]);
    adjustPixels(clear, { ...PLAIN_LOOK, stain: "EOSIN", brightness: 1 });
    expect([...clear]).toEqual([9, 8, 7, 0]);
  });

  it("separates all of the picture into nothing", () => {
    expect(separationOf("ALL")).toBeNull();
  });
});
