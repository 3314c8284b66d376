import { describe, expect, it } from "vitest";
import type { Position } from "../model/annotation";
import { areaOf, boundsOf, pathsOf } from "../model/geometry";
import { EllipseTool, RectangleTool } from "./box";
import { FreehandTool } from "./freehand";
import { LineTool, MeasureTool } from "./line";
import { PanTool } from "./pan";
import { PointTool } from "./point";
import { PolygonTool } from "./polygon";
import { click, drag, pointerAt, press, TestBench } from "./testing/bench";

const bounds = (bench: TestBench) => bench.created.map(({ geometry }) => boundsOf(geometry));

describe("rectangle and ellipse", () => {
  it("are pulled open in any direction", () => {
    const bench = new TestBench();
    expect(
      drag(new RectangleTool(bench), [
        [50, 60],
        [30, 30],
        [10, 20],
      ]),
    ).toBe(true);
    drag(new EllipseTool(bench), [
      [0, 0],
      [40, 20],
    ]);
    expect(bench.created.map(({ kind }) => kind)).toEqual(["RECTANGLE", "ELLIPSE"]);
    expect(bounds(bench)).toEqual([
      [10, 20, 50, 60],
      [0, 0, 40, 20],
    ]);
    expect(bench.draft).toBeNull();
  });

  it("are square with Shift, and centred with Alt", () => {
    const bench = new TestBench();
    drag(
      new RectangleTool(bench),
      [
        [100, 100],
        [130, 110],
      ],
      { shift: true },
    );
    drag(
      new RectangleTool(bench),
      [
        [100, 100],
        [130, 110],
      ],
      { alt: true },
    );
    expect(bounds(bench)).toEqual([
      [100, 100, 130, 130],
      [70, 90, 130, 110],
    ]);
  });

  it("show their measure while they are drawn", () => {
    const bench = new TestBench();
    const tool = new RectangleTool(bench);
    tool.press(pointerAt([0, 0]));
    tool.drag(pointerAt([100, 40]));
    expect(bench.sketched.label).toEqual({ position: [100, 40], text: "1,000 µm²" });
    expect(bench.draft && areaOf(bench.draft)).toBe(4_000);
  });

  it("come to nothing by a click, a slip of the hand, or Escape", () => {
    const bench = new TestBench();
    const tool = new RectangleTool(bench);
    click(tool, [10, 10]);
    drag(tool, [
      [10, 10],
      [60, 12],
    ]);
    tool.press(pointerAt([0, 0]));
    tool.drag(pointerAt([50, 50]));
    expect(press(tool, "Escape")).toBe(true);
    tool.release(pointerAt([60, 60]), true);
    expect(bench.created).toEqual([]);
    expect(bench.draft).toBeNull();
    expect(press(tool, "Escape")).toBe(false);
  });
});

describe("point and pan", () => {
  it("two quick clicks set points, and do not bring the slide nearer", () => {
    const bench = new TestBench();
    for (const tool of [new PointTool(bench), new RectangleTool(bench), new FreehandTool(bench)])
      expect(tool.doubleClick(pointerAt([5, 5]))).toBe(true);
    expect(new PanTool(bench).doubleClick(pointerAt([5, 5]))).toBe(false);
  });

  it("a point is set by a click and never by a drag", () => {
    const bench = new TestBench();
    const tool = new PointTool(bench);
    expect(
      drag(tool, [
        [0, 0],
        [50, 50],
      ]),
    ).toBe(false);
    click(tool, [7, 8]);
    expect(bench.created).toEqual([{ kind: "POINT", geometry: { type: "Point", coordinates: [7, 8] } }]);
  });

  it("panning takes nothing and changes nothing", () => {
    const bench = new TestBench();
    expect(
      drag(new PanTool(bench), [
        [0, 0],
        [50, 50],
      ]),
    ).toBe(false);
    expect(bench.created).toEqual([]);
  });
});

describe("freehand", () => {
  const round = Array.from(
    { length: 61 },
    (_, i): Position => [100 + 50 * Math.cos(i / 10), 100 + 50 * Math.sin(i / 10)],
  );

  it("closes the outline and keeps it near the hand's with fewer points", () => {
    const bench = new TestBench();
    drag(new FreehandTool(bench), round);
    const [made] = bench.created;
    expect(made?.kind).toBe("POLYGON");
    const ring = (made && pathsOf(made.geometry)[0]) ?? [];
    expect(ring[0]).toEqual(ring[ring.length - 1]);
    expect(ring.length).toBeLessThan(round.length);
    const area = made === undefined ? 0 : areaOf(made.geometry);
    expect(Math.abs(area - Math.PI * 2_500) / (Math.PI * 2_500)).toBeLessThan(0.02);
  });

  it("shows the others the open line, not the closing stroke", () => {
    const bench = new TestBench();
    const tool = new FreehandTool(bench);
    tool.press(pointerAt([0, 0]));
    tool.drag(pointerAt([10, 0]));
    tool.drag(pointerAt([10, 10]));
    expect(bench.strokes[bench.strokes.length - 1]).toEqual([
      [0, 0],
      [10, 0],
      [10, 10],
    ]);
  });

  it("makes a valid area of a figure of eight", () => {
    const bench = new TestBench();
    drag(new FreehandTool(bench), [
      [0, 0],
      [40, 40],
      [40, 0],
      [0, 40],
    ]);
    expect(bench.created[0]?.kind).toBe("MULTIPOLYGON");
    expect(bench.created[0] && areaOf(bench.created[0].geometry)).toBe(800);
  });

  it("ignores a dab", () => {
    const bench = new TestBench();
    drag(new FreehandTool(bench), [
      [0, 0],
      [3, 0],
      [3, 3],
      [0, 3],
    ]);
    expect(bench.created).toEqual([]);
  });
});

describe("polygon", () => {
  const corners: Position[] = [
    [0, 0],
    [100, 0],
    [100, 100],
  ];

  it.each([
    ["Enter", (tool: PolygonTool) => press(tool, "Enter")],
    ["a double click", (tool: PolygonTool) => tool.doubleClick(pointerAt([100, 100]))],
    ["a click on the first corner", (tool: PolygonTool) => click(tool, [4, 4])],
  ])("ends with %s", (_what, end) => {
    const bench = new TestBench();
    const tool = new PolygonTool(bench);
    for (const corner of corners) click(tool, corner);
    end(tool);
    expect(bench.created).toEqual([
      { kind: "POLYGON", geometry: { type: "Polygon", coordinates: [[...corners, [0, 0]]] } },
    ]);
  });

  it("lets the map pan while it is being drawn, and keeps its corners", () => {
    const bench = new TestBench();
    const tool = new PolygonTool(bench);
    click(tool, [0, 0]);
    expect(
      drag(tool, [
        [10, 10],
        [60, 60],
      ]),
    ).toBe(false);
    expect(bench.sketched.handles.map(({ position }) => position)).toEqual([[0, 0]]);
  });

  it("takes the last corner back with Backspace, and all of it with Escape", () => {
    const bench = new TestBench();
    const tool = new PolygonTool(bench);
    for (const corner of corners) click(tool, corner);
    expect(press(tool, "Backspace")).toBe(true);
    expect(bench.sketched.handles).toHaveLength(2);
    expect(press(tool, "Escape")).toBe(true);
    expect(press(tool, "Enter")).toBe(false);
    expect(bench.created).toEqual([]);
  });

  it("is dropped when two corners are all there is", () => {
    const bench = new TestBench();
    const tool = new PolygonTool(bench);
    for (const corner of corners.slice(0, 2)) click(tool, corner);
    press(tool, "Enter");
    expect(bench.created).toEqual([]);
  });
});

describe("line and measure", () => {
  it("a drag makes a straight line", () => {
    const bench = new TestBench();
    drag(new LineTool(bench), [
      [0, 0],
      [20, 0],
      [30, 40],
    ]);
    expect(bench.created).toEqual([
      {
        kind: "LINE",
        geometry: {
          type: "LineString",
          coordinates: [
            [0, 0],
            [30, 40],
          ],
        },
      },
    ]);
  });

  it("clicks make a bent one", () => {
    const bench = new TestBench();
    const tool = new LineTool(bench);
    for (const point of [
      [0, 0],
      [50, 0],
      [50, 50],
    ] as const)
      click(tool, point);
    tool.hover(pointerAt([50, 90]));
    expect(bench.sketched.label?.text).toBe("70 µm");
    press(tool, "Enter");
    expect(bench.created[0]?.geometry).toEqual({
      type: "LineString",
      coordinates: [
        [0, 0],
        [50, 0],
        [50, 50],
      ],
    });
  });

  it("Shift keeps it to directions of 45°", () => {
    const bench = new TestBench();
    drag(
      new LineTool(bench),
      [
        [0, 0],
        [100, 3],
      ],
      { shift: true },
    );
    const path = bench.created[0] && pathsOf(bench.created[0].geometry)[0];
    expect(path?.[1]?.[1]).toBe(0);
  });

  it("a measure is shown until Escape and never kept", () => {
    const bench = new TestBench();
    const tool = new MeasureTool(bench);
    drag(tool, [
      [0, 0],
      [300, 400],
    ]);
    expect(bench.created).toEqual([]);
    expect(bench.sketched.label).toEqual({ position: [300, 400], text: "250 µm" });
    expect(press(tool, "Escape")).toBe(true);
    expect(bench.sketched.label).toBeNull();
    expect(press(tool, "Escape")).toBe(false);
  });
});
