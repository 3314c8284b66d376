import { describe, expect, it, vi } from "vitest";
import type { AnnotationOp, Position } from "../model/annotation";
import { areaOf, boundsOf, pathsOf, rectangle } from "../model/geometry";
import { CountTool } from "./count";
import { HoleTool } from "./hole";
import { SelectTool } from "./select";
import { SplineTool } from "./spline";
import { SplitTool } from "./split";
import { click, drag, pointerAt, press, TestBench } from "./testing/bench";

const shapeOf = (op: AnnotationOp | undefined) =>
  op !== undefined && "geometry" in op && op.geometry !== undefined ? op.geometry : rectangle([0, 0, 0, 0]);

describe("SplineTool", () => {
  it("draws a round outline through four corners", () => {
    const bench = new TestBench();
    const tool = new SplineTool(bench);
    const corners: Position[] = [
      [100, 0],
      [200, 100],
      [100, 200],
      [0, 100],
    ];
    for (const corner of corners) click(tool, corner);
    expect(press(tool, "Enter")).toBe(true);
    const [made] = bench.created;
    expect(made?.kind).toBe("POLYGON");
    const ring = made === undefined ? [] : (pathsOf(made.geometry)[0] ?? []);
    expect(ring.length).toBeGreaterThan(20);
    for (const corner of corners) expect(ring).toContainEqual(corner);
    // A diamond has 20,000, the circle 31,416.
    expect(made && areaOf(made.geometry)).toBeGreaterThan(27_000);
  });

  it("makes nothing of two points", () => {
    const bench = new TestBench();
    const tool = new SplineTool(bench);
    for (const place of [
      [0, 0],
      [50, 50],
    ] as Position[])
      click(tool, place);
    press(tool, "Enter");
    expect(bench.created).toEqual([]);
  });
});

describe("HoleTool", () => {
  function table() {
    const bench = new TestBench();
    bench.add("a", "POLYGON", rectangle([0, 0, 100, 100]));
    bench.add("locked", "POLYGON", rectangle([200, 0, 300, 100]), { locked: true });
    return { bench, tool: new HoleTool(bench) };
  }

  it("takes what is drawn by hand out of the area it begins in", () => {
    const { bench, tool } = table();
    drag(tool, [
      [20, 20],
      [60, 20],
      [60, 60],
      [20, 60],
    ]);
    expect(bench.applied).toHaveLength(1);
    expect(bench.applied[0]).toMatchObject({ type: "subtractArea", id: "a" });
    expect(areaOf(shapeOf(bench.applied[0]))).toBe(1_600);
    expect(bench.selection).toEqual(["a"]);
    expect(bench.draft).toBeNull();
  });

  it("goes corner by corner, too", () => {
    const { bench, tool } = table();
    for (const corner of [
      [20, 20],
      [80, 20],
      [80, 80],
    ] as Position[])
      click(tool, corner);
    press(tool, "Enter");
    expect(bench.applied.map(({ type, id }) => [type, id])).toEqual([["subtractArea", "a"]]);
    expect(areaOf(shapeOf(bench.applied[0]))).toBe(1_800);
  });

  it("does nothing on the bare slide or in what is locked, and says so", () => {
    const { bench, tool } = table();
    drag(tool, [
      [520, 20],
      [560, 20],
      [560, 60],
    ]);
    drag(tool, [
      [220, 20],
      [260, 20],
      [260, 60],
    ]);
    drag(tool, [
      [20, 20],
      [21, 20],
      [21, 21],
    ]);
    expect(bench.applied).toEqual([]);
    expect(bench.told).toEqual(["noAreaHere", "noAreaHere"]);
  });

  it("is given up by Escape in the middle of it", () => {
    const { bench, tool } = table();
    tool.press(pointerAt([20, 20]));
    tool.drag(pointerAt([60, 20]));
    expect(press(tool, "Escape")).toBe(true);
    tool.release(pointerAt([60, 60]), true);
    expect(bench.applied).toEqual([]);
    expect(bench.draft).toBeNull();
  });
});

describe("SplitTool", () => {
  function table() {
    const bench = new TestBench();
    bench.add("a", "RECTANGLE", rectangle([0, 0, 100, 100]), { termId: "t", note: "n", attributes: { grade: 1 } });
    bench.add("b", "RECTANGLE", rectangle([120, 0, 220, 100]));
    bench.add("locked", "RECTANGLE", rectangle([240, 0, 340, 100]), { locked: true });
    return { bench, tool: new SplitTool(bench) };
  }

  it("cuts what the line goes through: the largest piece stays what it was", async () => {
    const { bench, tool } = table();
    drag(tool, [
      [-10, 40],
      [100, 40],
      [400, 40],
    ]);
    await vi.waitFor(() => expect(bench.applied).toHaveLength(4));
    expect(bench.applied[0]).toMatchObject({ type: "update", id: "a", kind: "POLYGON", expectedVersion: 3 });
    expect(boundsOf(shapeOf(bench.applied[0]))).toEqual([0, 40, 100, 100]);
    expect(bench.applied[1]).toMatchObject({ type: "create", termId: "t", note: "n", attributes: { grade: 1 } });
    expect(boundsOf(shapeOf(bench.applied[1]))).toEqual([0, 0, 100, 40]);
    expect(bench.applied[2]).toMatchObject({ id: "b" });
    expect(bench.selection).toHaveLength(4);
  });

  it("cuts only what is selected", async () => {
    const { bench, tool } = table();
    bench.selection = ["b"];
    drag(tool, [
      [-10, 40],
      [400, 40],
    ]);
    await vi.waitFor(() => expect(bench.applied).toHaveLength(2));
    expect(bench.applied[0]).toMatchObject({ id: "b" });
  });

  it("says when nothing was cut", async () => {
    const { bench, tool } = table();
    drag(tool, [
      [50, 40],
      [90, 40],
    ]);
    await vi.waitFor(() => expect(bench.told).toEqual(["notCut"]));
    expect(bench.applied).toEqual([]);
  });
});

describe("CountTool", () => {
  it("numbers the points of the active term, and shows the next number at the pointer", () => {
    const bench = new TestBench();
    bench.activeTermId = "t";
    bench.selection = ["other"];
    for (const [id, x, termId] of [
      ["p", 10, "t"],
      ["q", 20, "u"],
      ["r", 30, "t"],
      ["far", 5000, "t"],
    ] as const)
      bench.add(id, "POINT", { type: "Point", coordinates: [x, 10] }, { termId });
    const tool = new CountTool(bench);
    tool.enter();
    expect(bench.selection).toEqual([]);
    tool.hover(pointerAt([60, 60]));
    expect(bench.sketched.marks).toEqual([
      { position: [10, 10], text: "1" },
      { position: [30, 10], text: "2" },
    ]);
    expect(bench.sketched.label).toEqual({ position: [60, 60], text: "4" });
    click(tool, [60, 60]);
    expect(bench.created).toEqual([{ kind: "POINT", geometry: { type: "Point", coordinates: [60, 60] } }]);
    expect(bench.selection).toEqual([]);
  });

  it("takes the last one back by Backspace, and any by Alt and a click", () => {
    const bench = new TestBench();
    const tool = new CountTool(bench);
    expect(press(tool, "Backspace")).toBe(false);
    click(tool, [60, 60]);
    bench.add("made1", "POINT", { type: "Point", coordinates: [60, 60] });
    bench.add("p", "POINT", { type: "Point", coordinates: [10, 10] });
    bench.add("area", "POLYGON", rectangle([200, 200, 300, 300]));
    expect(press(tool, "Backspace")).toBe(true);
    click(tool, [12, 10], { alt: true });
    click(tool, [250, 250], { alt: true });
    expect(bench.applied).toEqual([
      { type: "delete", id: "made1" },
      { type: "delete", id: "p" },
    ]);
  });
});

describe("moving a vertex", () => {
  function table() {
    const bench = new TestBench();
    bench.add("a", "POLYGON", rectangle([0, 0, 100, 100]));
    bench.add("neighbour", "POLYGON", rectangle([150, 0, 250, 100]));
    bench.selection = ["a"];
    return { bench, tool: new SelectTool(bench) };
  }
  const corner = (bench: TestBench) => pathsOf(shapeOf(bench.applied[0]))[0]?.[1];

  it("catches at a neighbour's vertex, and at its edge", () => {
    const { bench, tool } = table();
    drag(tool, [
      [100, 0],
      [120, 0],
      [145, 4],
    ]);
    expect(corner(bench)).toEqual([150, 0]);
    bench.applied.length = 0;
    drag(tool, [
      [100, 0],
      [145, 40],
    ]);
    expect(corner(bench)).toEqual([150, 40]);
  });

  it("shows where it catches", () => {
    const { bench, tool } = table();
    tool.press(pointerAt([100, 0]));
    tool.drag(pointerAt([145, 4]));
    expect(bench.sketched.handles).toContainEqual({ position: [150, 0], kind: "vertex", active: true });
  });

  it("does not catch with Control, nor further away, nor at itself", () => {
    const { bench, tool } = table();
    drag(
      tool,
      [
        [100, 0],
        [145, 4],
      ],
      { control: true },
    );
    expect(corner(bench)).toEqual([145, 4]);
    bench.applied.length = 0;
    drag(tool, [
      [100, 0],
      [96, 95],
    ]);
    expect(corner(bench)).toEqual([96, 95]);
  });
});
