import { describe, expect, it } from "vitest";
import type { Position } from "../model/annotation";
import { areaOf, boundsOf, rectangle } from "../model/geometry";
import { RectangleTool } from "./box";
import { BrushSize, BrushTool, EraserTool } from "./brush";
import { FreehandTool } from "./freehand";
import { HoleTool } from "./hole";
import { LineTool, MeasureTool } from "./line";
import { PolygonTool } from "./polygon";
import { SelectTool } from "./select";
import { SplineTool } from "./spline";
import { click, pointerAt, press, TestBench } from "./testing/bench";
import type { Tool } from "./tool";

const CORNERS: readonly Position[] = [
  [0, 0],
  [100, 0],
  [100, 100],
];

/** As if the page had ended, and another had gone on with what it left. */
function afterCrash(tool: Tool, next: Tool): void {
  const kept = tool.unfinished();
  if (kept === null) throw new Error("nothing was kept");
  expect(kept.tool).toBe(next.name);
  next.resume(JSON.parse(JSON.stringify(kept)));
}

describe("what is unfinished", () => {
  it.each([PolygonTool, SplineTool, LineTool])("is gone on with point by point", (Kind) => {
    const bench = new TestBench();
    const tool = new Kind(bench);
    for (const corner of CORNERS) click(tool, corner);
    const next = new Kind(bench);
    afterCrash(tool, next);
    expect(bench.sketched.handles).toHaveLength(3);
    click(next, [0, 100]);
    press(next, "Enter");
    expect(bench.created).toHaveLength(1);
    expect(bench.created[0] && boundsOf(bench.created[0].geometry)[3]).toBeGreaterThanOrEqual(100);
    expect(next.unfinished()).toBeNull();
  });

  it("of a hand's stroke becomes a polygon's corners", () => {
    const bench = new TestBench();
    const tool = new FreehandTool(bench);
    tool.press(pointerAt([0, 0]));
    for (const place of [
      [50, 0],
      [100, 0],
      [100, 50],
      [100, 100],
    ] as Position[])
      tool.drag(pointerAt(place));
    const next = new PolygonTool(bench);
    afterCrash(tool, next);
    press(next, "Enter");
    expect(bench.created[0] && areaOf(bench.created[0].geometry)).toBe(5_000);
  });

  it("of a brush is kept as it is, in the area it was painted on", () => {
    const bench = new TestBench();
    bench.add("a", "POLYGON", rectangle([0, 0, 100, 100]));
    bench.selection = ["a"];
    const size = new BrushSize();
    const [brush, eraser] = [new BrushTool(bench, size), new EraserTool(bench, size)];
    for (const tool of [brush, eraser]) {
      tool.press(pointerAt([50, 50]));
      tool.drag(pointerAt([90, 50]));
    }
    afterCrash(brush, new BrushTool(bench, size));
    afterCrash(eraser, new EraserTool(bench, size));
    expect(bench.applied.map(({ type, id }) => [type, id])).toEqual([
      ["addArea", "a"],
      ["subtractArea", "a"],
    ]);
  });

  it("of a brush becomes an area of its own when the other is gone", () => {
    const [before, after] = [new TestBench(), new TestBench()];
    before.add("a", "POLYGON", rectangle([0, 0, 100, 100]));
    before.selection = ["a"];
    const brush = new BrushTool(before, new BrushSize());
    brush.press(pointerAt([50, 50]));
    afterCrash(brush, new BrushTool(after, new BrushSize()));
    expect(after.created).toHaveLength(1);
  });

  it("of a hole knows what it is in, and a box is as it was pulled", () => {
    const bench = new TestBench();
    bench.add("a", "POLYGON", rectangle([0, 0, 100, 100]));
    const hole = new HoleTool(bench);
    for (const corner of [
      [20, 20],
      [60, 20],
      [60, 60],
    ] as Position[])
      click(hole, corner);
    const next = new HoleTool(bench);
    afterCrash(hole, next);
    press(next, "Enter");
    expect(bench.applied).toMatchObject([{ type: "subtractArea", id: "a" }]);
    const box = new RectangleTool(bench);
    box.press(pointerAt([200, 200]));
    box.drag(pointerAt([260, 250]));
    afterCrash(box, new RectangleTool(bench));
    expect(bench.created[0] && boundsOf(bench.created[0].geometry)).toEqual([200, 200, 260, 250]);
  });

  it("is nothing after Escape, with a measure, or while one only looks", () => {
    const bench = new TestBench();
    const polygon = new PolygonTool(bench);
    for (const corner of CORNERS) click(polygon, corner);
    press(polygon, "Escape");
    expect(polygon.unfinished()).toBeNull();
    const measure = new MeasureTool(bench);
    for (const corner of CORNERS) click(measure, corner);
    expect(measure.unfinished()).toBeNull();
    expect(new SelectTool(bench).unfinished()).toBeNull();
  });
});
