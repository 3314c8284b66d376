import { describe, expect, it, vi } from "vitest";
import { areaOf, boundsOf, rectangle } from "../model/geometry";
import { click, drag, flatRaster, pointerAt, press, TestBench } from "./testing/bench";
import { WandTool } from "./wand";

const DARK = [120, 60, 140, 255];
const LIGHT = [240, 240, 240, 255];

async function taken(bench: TestBench): Promise<WandTool> {
  const tool = new WandTool(bench);
  tool.enter();
  await vi.waitFor(() => expect((tool as unknown as { model: unknown }).model).not.toBeNull());
  return tool;
}

/** A dark square from 50 to 100, on light ground. */
function table(): TestBench {
  const bench = new TestBench();
  bench.raster = flatRaster((x, y) => (x >= 50 && x < 100 && y >= 50 && y < 100 ? DARK : LIGHT));
  return bench;
}

describe("WandTool", () => {
  it("takes by colour what is alike, where one clicks", async () => {
    const bench = table();
    click(await taken(bench), [70, 70]);
    const [made] = bench.created;
    expect(made?.kind).toBe("POLYGON");
    expect(made && areaOf(made.geometry) / 2500).toBeGreaterThan(0.93);
    expect(made && areaOf(made.geometry) / 2500).toBeLessThan(1.03);
    expect(bench.draft).toBeNull();
  });

  it("takes more to the right, and shows what it takes", async () => {
    const bench = table();
    const tool = await taken(bench);
    tool.press(pointerAt([70, 70]));
    const few = bench.draft && areaOf(bench.draft);
    tool.drag(pointerAt([70 + 3 * 160, 70]));
    expect(few).toBeLessThan(2_600);
    expect(bench.draft && areaOf(bench.draft)).toBeGreaterThan(39_000);
    expect(press(tool, "Escape")).toBe(true);
    tool.release(pointerAt([70, 70]));
    expect(bench.created).toEqual([]);
  });

  it("goes by the model where it sees something, and by colour elsewhere", async () => {
    const bench = table();
    bench.heatmap = flatRaster((x) => (x >= 120 && x < 160 ? [230, 10, 0, 255] : [20, 10, 0, 255]));
    const tool = await taken(bench);
    click(tool, [140, 20]);
    expect(bench.created[0] && boundsOf(bench.created[0].geometry)).toEqual([120, 0, 160, 200]);
    click(tool, [70, 70]);
    expect(bench.created[1] && areaOf(bench.created[1].geometry)).toBeLessThan(2_600);
  });

  it("joins the selected area it begins at, any with Shift, and takes away with Alt", async () => {
    const bench = table();
    bench.add("a", "POLYGON", rectangle([45, 45, 60, 60]));
    bench.selection = ["a"];
    const tool = await taken(bench);
    click(tool, [62, 62]);
    click(tool, [90, 90]);
    click(tool, [90, 90], { shift: true });
    click(tool, [90, 90], { alt: true });
    expect(bench.applied.map(({ type, id }) => [type, id])).toEqual([
      ["addArea", "a"],
      ["addArea", "a"],
      ["subtractArea", "a"],
    ]);
    expect(bench.created).toHaveLength(1);
  });

  it("makes nothing outside of the picture", async () => {
    const bench = table();
    const tool = await taken(bench);
    drag(tool, [
      [500, 70],
      [520, 70],
    ]);
    expect(bench.created).toEqual([]);
  });
});
