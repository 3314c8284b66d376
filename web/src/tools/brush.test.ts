import { beforeEach, describe, expect, it } from "vitest";
import type { Geometry } from "../model/annotation";
import { areaOf, boundsOf, ellipse, rectangle } from "../model/geometry";
import { BrushSize, BrushTool, EraserTool } from "./brush";
import { drag, pointerAt, press, TestBench } from "./testing/bench";

const RADIUS = 19;
let bench: TestBench;
let size: BrushSize;

beforeEach(() => {
  bench = new TestBench();
  size = new BrushSize();
});

function onlyOp() {
  expect(bench.applied).toHaveLength(1);
  const [op] = bench.applied;
  if (op?.type !== "addArea" && op?.type !== "subtractArea") throw new Error(`No brush op, but ${op?.type}`);
  return op;
}

function sizeKey(tool: BrushTool, code: string): boolean {
  return tool.key(new KeyboardEvent("keydown", { code, key: "x" }));
}

describe("brush", () => {
  it("leaves an area as wide as its tip", () => {
    drag(new BrushTool(bench, size), [
      [0, 0],
      [50, 0],
      [100, 0],
    ]);
    const [made] = bench.created;
    expect(made?.kind).toBe("POLYGON");
    expect(boundsOf(made?.geometry as Geometry).map(Math.round)).toEqual([-RADIUS, -RADIUS, 100 + RADIUS, RADIUS]);
    expect(areaOf(made?.geometry as Geometry)).toBeCloseTo(100 * 2 * RADIUS + Math.PI * RADIUS ** 2, -2);
    expect(bench.applied).toEqual([]);
  });

  it("adds to the selected area by what was brushed alone, so that another's edit at once is no conflict", () => {
    bench.add("a", "RECTANGLE", rectangle([0, -50, 100, 50]));
    bench.selection = ["a"];
    drag(new BrushTool(bench, size), [
      [90, 0],
      [160, 0],
    ]);
    const op = onlyOp();
    expect([op.type, op.id]).toEqual(["addArea", "a"]);
    expect(boundsOf(op.geometry).map(Math.round)).toEqual([90 - RADIUS, -RADIUS, 160 + RADIUS, RADIUS]);
    expect("expectedVersion" in op).toBe(false);
    expect(bench.created).toEqual([]);
  });

  it.each([
    ["locked", true, ["a"]],
    ["two", false, ["a", "b"]],
  ])("makes a new area when what is selected is %s", (_, locked, selection) => {
    bench.add("a", "ELLIPSE", ellipse([0, 0, 50, 50]), { locked });
    bench.add("b", "ELLIPSE", ellipse([0, 0, 50, 50]));
    bench.selection = selection;
    drag(new BrushTool(bench, size), [
      [0, 0],
      [60, 0],
    ]);
    expect([bench.created.length, bench.applied.length]).toEqual([1, 0]);
  });

  it("has its size from the screen, changed by the bracket keys within bounds", () => {
    const tool = new BrushTool(bench, size);
    const radii = ["BracketRight", "BracketLeft", "BracketLeft"].map((code) => {
      expect(sizeKey(tool, code)).toBe(true);
      return size.radiusPx;
    });
    expect(radii).toEqual([27, 19, 13]);
    for (let i = 0; i < 20; i++) sizeKey(tool, "BracketLeft");
    expect(size.radiusPx).toBe(4);
    drag(
      tool,
      [
        [0, 0],
        [10, 0],
      ],
      { downsample: 8 },
    );
    expect(boundsOf(bench.created[0]?.geometry as Geometry)[3]).toBeCloseTo(32, 1);
  });

  it("shows its tip while it hovers, and nobody else a stroke", () => {
    new BrushTool(bench, size).hover(pointerAt([5, 5]));
    expect(bench.sketched.geometries.flatMap(boundsOf).map(Math.round)).toEqual([-14, -14, 24, 24]);
    expect(bench.draft).toBeNull();
  });

  it("drops the stroke on Escape, and leaves other keys alone", () => {
    const tool = new BrushTool(bench, size);
    tool.press(pointerAt([0, 0]));
    tool.drag(pointerAt([50, 0]));
    expect(press(tool, "Escape")).toBe(true);
    tool.release(pointerAt([50, 0]));
    expect([bench.created, bench.applied]).toEqual([[], []]);
    expect([press(tool, "Escape"), press(tool, "v")]).toEqual([false, false]);
  });
});

describe("eraser", () => {
  it("takes away from the area under it", () => {
    bench.add("a", "RECTANGLE", rectangle([0, 0, 100, 100]));
    drag(new EraserTool(bench, size), [
      [50, 50],
      [150, 50],
    ]);
    expect([onlyOp().type, onlyOp().id]).toEqual(["subtractArea", "a"]);
  });

  it("takes away from the selected area rather than from the one under it", () => {
    bench.add("a", "RECTANGLE", rectangle([0, 0, 100, 100]));
    bench.add("b", "RECTANGLE", rectangle([80, 0, 200, 100]));
    bench.selection = ["b"];
    drag(new EraserTool(bench, size), [
      [50, 50],
      [150, 50],
    ]);
    expect(onlyOp().id).toBe("b");
  });

  it.each([
    ["nothing", []],
    ["a locked area", [{ locked: true }]],
  ])("neither changes nor moves anything over %s", (_, there) => {
    for (const change of there) bench.add("a", "RECTANGLE", rectangle([0, 0, 100, 100]), change);
    expect(
      drag(new EraserTool(bench, size), [
        [50, 50],
        [150, 50],
      ]),
    ).toBe(true);
    expect([bench.created, bench.applied]).toEqual([[], []]);
  });
});
