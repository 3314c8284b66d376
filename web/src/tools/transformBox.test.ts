import { describe, expect, it } from "vitest";
import type { Bounds, Position } from "../model/annotation";
import { boundsOf, rectangle } from "../model/geometry";
import { click, drag, pointerAt, press, TestBench } from "./testing/bench";
import { TransformTool } from "./transform";
import { type BoxHandle, boxHandles, pulled } from "./transformBox";

const BOX: Bounds = [0, 0, 100, 50];

function handle(test: (handle: BoxHandle) => boolean): BoxHandle {
  const found = boxHandles(BOX, 1).find(test);
  if (found === undefined) throw new Error("no such handle");
  return found;
}

const corner = (sideX: number, sideY: number) =>
  handle((each) => each.kind === "corner" && each.sideX === sideX && each.sideY === sideY);

function pull(grip: BoxHandle, to: Position, change: { even?: boolean; fromMiddle?: boolean } = {}) {
  return pulled(BOX, grip, { from: grip.position, to, even: false, fromMiddle: false, ...change });
}

describe("the box around a selection", () => {
  it("has eight handles and one above it", () => {
    expect(boxHandles(BOX, 2).map(({ position }) => position)).toEqual([
      [0, 0],
      [50, 0],
      [100, 0],
      [0, 25],
      [100, 25],
      [0, 50],
      [50, 50],
      [100, 50],
      [50, -56],
    ]);
    // A row of points has no height to stretch.
    expect(boxHandles([0, 5, 100, 5], 1)).toHaveLength(3);
  });

  it.each([
    ["a corner away from the opposite one", corner(1, 1), [200, 75], {}, [0, 0, 200, 75]],
    ["a side in its direction alone", corner(-1, 0), [-100, 999], {}, [-100, 0, 100, 50]],
    ["evenly", corner(1, 1), [200, 60], { even: true }, [0, 0, 200, 100]],
    ["from the middle", corner(1, 1), [150, 75], { fromMiddle: true }, [-50, -25, 150, 75]],
    ["never over the other side", corner(1, 0), [-500, 0], {}, [0, 0, 1, 50]],
  ] as const)("stretches %s", (_, grip, to, change, bounds) => {
    expect(boundsOf(pull(grip, to, change).apply(rectangle(BOX)))).toEqual(bounds);
  });

  it("turns about the middle, clockwise, by steps with Shift", () => {
    const turn = handle(({ kind }) => kind === "turn");
    const quarter = pull(turn, [200, 25]);
    expect(quarter.amount[0]).toBeCloseTo(90);
    const [minX, minY, maxX, maxY] = boundsOf(quarter.apply(rectangle(BOX)));
    expect([minX, minY, maxX, maxY].map(Math.round)).toEqual([25, -25, 75, 75]);
    expect(pull(turn, [199, 30], { even: true }).amount[0]).toBeCloseTo(90);
    expect(pull(turn, [-100, 25]).amount[0]).toBeCloseTo(-90);
  });
});

describe("TransformTool", () => {
  function table() {
    const bench = new TestBench();
    bench.add("a", "RECTANGLE", rectangle([0, 0, 40, 50]));
    bench.add("b", "ELLIPSE", rectangle([60, 0, 100, 50]));
    bench.add("locked", "POLYGON", rectangle([0, 300, 100, 350]), { locked: true });
    bench.selection = ["a", "b", "locked"];
    return { bench, tool: new TransformTool(bench) };
  }

  it("stretches all that is not locked, as one edit of what was seen", () => {
    const { bench, tool } = table();
    expect(
      drag(tool, [
        [100, 50],
        [150, 80],
        [200, 100],
      ]),
    ).toBe(true);
    expect(bench.applied).toMatchObject([
      { type: "update", id: "a", kind: "RECTANGLE", expectedVersion: 3 },
      { type: "update", id: "b", kind: "ELLIPSE", expectedVersion: 3 },
    ]);
    expect(bench.applied.map((op) => "geometry" in op && op.geometry && boundsOf(op.geometry))).toEqual([
      [0, 0, 80, 100],
      [120, 0, 200, 100],
    ]);
    expect(bench.hidden).toEqual([]);
  });

  it("turns rectangles into outlines", () => {
    const { bench, tool } = table();
    drag(tool, [
      [50, -28],
      [120, 0],
      [150, 25],
    ]);
    expect(bench.applied.map((op) => "kind" in op && op.kind)).toEqual(["POLYGON", "POLYGON"]);
  });

  it("moves what is selected, and nothing by a click, from beside it, or after Escape", () => {
    const { bench, tool } = table();
    click(tool, [20, 20]);
    expect(
      drag(tool, [
        [50, 25],
        [90, 90],
      ]),
    ).toBe(false);
    tool.press(pointerAt([20, 20]));
    tool.drag(pointerAt([60, 60]));
    expect(press(tool, "Escape")).toBe(true);
    tool.release(pointerAt([60, 60]), true);
    expect(bench.applied).toEqual([]);
    drag(tool, [
      [20, 20],
      [25, 27],
    ]);
    expect(bench.applied.map((op) => "geometry" in op && op.geometry && boundsOf(op.geometry))).toEqual([
      [5, 7, 45, 57],
      [65, 7, 105, 57],
    ]);
  });
});
