import { describe, expect, it } from "vitest";
import type { Geometry } from "../model/annotation";
import { boundsOf, ellipse, rectangle } from "../model/geometry";
import { gripsOf, withGripAt, withoutVertex } from "./handles";
import { SelectTool } from "./select";
import { click, drag, pointerAt, press, TestBench } from "./testing/bench";

const TRIANGLE: Geometry = {
  type: "Polygon",
  coordinates: [
    [
      [0, 0],
      [100, 0],
      [0, 100],
      [0, 0],
    ],
  ],
};

function table(): { bench: TestBench; tool: SelectTool } {
  const bench = new TestBench();
  bench.add("box", "RECTANGLE", rectangle([0, 0, 100, 100]));
  bench.add("far", "POLYGON", rectangle([300, 300, 400, 400]));
  return { bench, tool: new SelectTool(bench) };
}

describe("selecting", () => {
  it("by a click, more with Shift, none beside", () => {
    const { bench, tool } = table();
    click(tool, [50, 50]);
    expect(bench.selection).toEqual(["box"]);
    click(tool, [350, 350], { shift: true });
    expect(bench.selection).toEqual(["box", "far"]);
    click(tool, [50, 50], { shift: true });
    expect(bench.selection).toEqual(["far"]);
    click(tool, [200, 200]);
    expect(bench.selection).toEqual([]);
  });

  it("by a box, only what lies wholly in it", () => {
    const { bench, tool } = table();
    expect(
      drag(
        tool,
        [
          [250, 250],
          [450, 450],
        ],
        { shift: true },
      ),
    ).toBe(true);
    expect(bench.selection).toEqual(["far"]);
    drag(
      tool,
      [
        [-10, -10],
        [350, 350],
      ],
      { shift: true },
    );
    expect(bench.selection).toEqual(["far", "box"]);
    expect(bench.applied).toEqual([]);
  });

  it("ends with Escape", () => {
    const { bench, tool } = table();
    click(tool, [50, 50]);
    expect(press(tool, "Escape")).toBe(true);
    expect(bench.selection).toEqual([]);
    expect(press(tool, "Escape")).toBe(false);
  });
});

describe("moving", () => {
  it("leaves alone what is not selected: the map pans", () => {
    const { bench, tool } = table();
    expect(
      drag(tool, [
        [50, 50],
        [90, 90],
      ]),
    ).toBe(false);
    expect(bench.applied).toEqual([]);
  });

  it("moves what is selected, upon the version that was seen", () => {
    const { bench, tool } = table();
    bench.select(["box"]);
    expect(
      drag(tool, [
        [30, 40],
        [60, 50],
      ]),
    ).toBe(true);
    expect(bench.applied).toEqual([
      { type: "update", id: "box", kind: "RECTANGLE", geometry: rectangle([30, 10, 130, 110]), expectedVersion: 3 },
    ]);
    expect(bench.hidden).toEqual([]);
  });

  it("moves all that is selected together", () => {
    const { bench, tool } = table();
    bench.select(["box", "far"]);
    drag(tool, [
      [50, 50],
      [60, 50],
    ]);
    expect(bench.applied.map((op) => op.type === "update" && op.geometry && boundsOf(op.geometry))).toEqual([
      [10, 0, 110, 100],
      [310, 300, 410, 400],
    ]);
  });

  it("shows the moved shape in place of the stored one, and puts it back on Escape", () => {
    const { bench, tool } = table();
    bench.select(["box"]);
    tool.press(pointerAt([30, 40]));
    tool.drag(pointerAt([60, 50]));
    expect(bench.hidden).toEqual(["box"]);
    expect(bench.draft && boundsOf(bench.draft)).toEqual([30, 10, 130, 110]);
    expect(press(tool, "Escape")).toBe(true);
    expect(bench.hidden).toEqual([]);
    expect(bench.applied).toEqual([]);
  });

  it.each([
    ["is locked", { locked: true, editable: true }],
    ["may not be changed by this reader", { locked: false, editable: false }],
  ])("never moves what %s", (_why, { locked, editable }) => {
    const bench = new TestBench();
    const tool = new SelectTool(bench);
    bench.add("box", "RECTANGLE", rectangle([0, 0, 100, 100]), { locked });
    bench.editable = editable;
    bench.select(["box"]);
    expect(
      drag(tool, [
        [30, 40],
        [60, 50],
      ]),
    ).toBe(false);
    expect(
      drag(tool, [
        [0, 0],
        [60, 50],
      ]),
    ).toBe(false);
    expect(bench.applied).toEqual([]);
  });

  it("takes a click on a selected shape for a click", () => {
    const { bench, tool } = table();
    bench.select(["box", "far"]);
    click(tool, [30, 40]);
    expect(bench.selection).toEqual(["box"]);
    expect(bench.applied).toEqual([]);
  });
});

describe("reshaping", () => {
  it("drags a corner of a rectangle, also over to the other side", () => {
    const { bench, tool } = table();
    bench.select(["box"]);
    drag(tool, [
      [100, 100],
      [150, 120],
    ]);
    drag(tool, [
      [0, 0],
      [160, 50],
    ]);
    expect(bench.applied.map((op) => op.type === "update" && op.geometry && boundsOf(op.geometry))).toEqual([
      [0, 0, 150, 120],
      [100, 50, 160, 100],
    ]);
  });

  it("keeps an ellipse an ellipse", () => {
    const shape = { kind: "ELLIPSE", geometry: ellipse([0, 0, 100, 50]) } as const;
    const grip = gripsOf(shape, 1).find(
      (candidate) => candidate.kind === "corner" && candidate.sideX === 1 && candidate.sideY === 0,
    );
    expect(grip && withGripAt(shape, grip, [200, 999])).toEqual(ellipse([0, 0, 200, 50]));
  });

  it("moves the first vertex with its repetition at the end", () => {
    const shape = { kind: "POLYGON", geometry: TRIANGLE } as const;
    const [grip] = gripsOf(shape, 1);
    expect(grip && withGripAt(shape, grip, [-5, -5])).toEqual({
      type: "Polygon",
      coordinates: [
        [
          [-5, -5],
          [100, 0],
          [0, 100],
          [-5, -5],
        ],
      ],
    });
  });

  it("adds a vertex by dragging a midpoint, and takes one away by Alt-click", () => {
    const bench = new TestBench();
    bench.add("t", "POLYGON", {
      type: "Polygon",
      coordinates: [
        [
          [0, 0],
          [100, 0],
          [100, 100],
          [0, 100],
          [0, 0],
        ],
      ],
    });
    bench.select(["t"]);
    const tool = new SelectTool(bench);
    drag(tool, [
      [50, 0],
      [50, -20],
    ]);
    click(tool, [100, 100], { alt: true });
    expect(bench.applied.map((op) => op.type === "update" && op.geometry)).toEqual([
      {
        type: "Polygon",
        coordinates: [
          [
            [0, 0],
            [50, -20],
            [100, 0],
            [100, 100],
            [0, 100],
            [0, 0],
          ],
        ],
      },
      {
        type: "Polygon",
        coordinates: [
          [
            [0, 0],
            [100, 0],
            [0, 100],
            [0, 0],
          ],
        ],
      },
    ]);
  });

  it("keeps three corners at least", () => {
    expect(withoutVertex(TRIANGLE, 0, 1)).toBeNull();
    expect(
      withoutVertex(
        {
          type: "LineString",
          coordinates: [
            [0, 0],
            [1, 1],
          ],
        },
        0,
        0,
      ),
    ).toBeNull();
  });

  it("shows fewer grips far out than near", () => {
    const shape = { kind: "POLYGON", geometry: ellipse([0, 0, 200, 200]) } as const;
    const near = gripsOf(shape, 0.2).filter(({ kind }) => kind === "vertex");
    const far = gripsOf(shape, 4).filter(({ kind }) => kind === "vertex");
    expect(near).toHaveLength(72);
    expect(far.length).toBeLessThan(16);
  });
});
