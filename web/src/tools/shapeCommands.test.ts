import { describe, expect, it } from "vitest";
import type { Annotation, AnnotationOp, Geometry } from "../model/annotation";
import { areaOf, boundsOf, rectangle } from "../model/geometry";
import type { CommandRefusal, ShapeCommand } from "../viewer/commandFacade";
import { refusalOf } from "./commandState";
import { type CommandOutcome, outcomeOf } from "./shapeCommands";
import { TestBench } from "./testing/bench";

const bench = new TestBench();
const area = (id: string, x: number, width: number, change: Partial<Annotation> = {}) => {
  const geometry = rectangle([x, 0, x + width, 100]);
  return bench.add(id, "RECTANGLE", geometry, { areaPx: areaOf(geometry), ...change });
};
const [a, b, far] = [area("a", 0, 100, { termId: "t1" }), area("b", 50, 100), area("far", 400, 50)];
const point = bench.add("p", "POINT", { type: "Point", coordinates: [5, 5] });
const holed = bench.add("h", "POLYGON", {
  type: "Polygon",
  coordinates: [...ringsOf(rectangle([0, 0, 30, 30])), ...ringsOf(rectangle([10, 10, 20, 20]))],
});

function ringsOf(geometry: Geometry) {
  return geometry.type === "Polygon" ? geometry.coordinates : [];
}

function done(command: ShapeCommand, selected: readonly Annotation[], all = selected): CommandOutcome {
  const outcome = outcomeOf(command, { selected, all, slide: [0, 0, 1000, 500], termId: "active" });
  if (typeof outcome === "string") throw new Error(outcome);
  return outcome;
}

const shapeOf = (op: AnnotationOp | undefined) => {
  if (op === undefined || !("geometry" in op) || op.geometry === undefined) throw new Error("no shape");
  return { bounds: boundsOf(op.geometry), areaPx: areaOf(op.geometry) };
};

describe("shape commands", () => {
  it("join into the first and delete the others", () => {
    const { ops, select } = done({ kind: "union" }, [b, a]);
    expect(ops[0]).toMatchObject({ type: "update", id: "b", kind: "POLYGON", expectedVersion: 3 });
    expect(shapeOf(ops[0])).toEqual({ bounds: [0, 0, 150, 100], areaPx: 15_000 });
    expect(ops.slice(1)).toEqual([{ type: "delete", id: "a" }]);
    expect(select).toEqual(["b"]);
  });

  it("keep several parts in one annotation", () => {
    const { ops } = done({ kind: "union" }, [a, far]);
    expect(ops[0]).toMatchObject({ kind: "MULTIPOLYGON" });
    expect(shapeOf(ops[0]).areaPx).toBe(15_000);
  });

  it("subtract the others from the first, and leave them", () => {
    const { ops } = done({ kind: "subtract" }, [a, b]);
    expect(ops).toHaveLength(1);
    expect(ops[0]).toMatchObject({ id: "a" });
    expect(shapeOf(ops[0]).bounds).toEqual([0, 0, 50, 100]);
  });

  it("intersect and exclude", () => {
    expect(shapeOf(done({ kind: "intersect" }, [a, b]).ops[0]).bounds).toEqual([50, 0, 100, 100]);
    const { ops } = done({ kind: "exclude" }, [a, b]);
    expect(shapeOf(ops[0]).areaPx).toBe(10_000);
    expect(ops[1]).toEqual({ type: "delete", id: "b" });
  });

  it("change nothing when nothing would be left", () => {
    const subject = { all: [], slide: [0, 0, 1000, 500], termId: null } as const;
    const refused = (command: ShapeCommand, selected: readonly Annotation[]) =>
      outcomeOf(command, { ...subject, selected }) as CommandRefusal;
    expect(refused({ kind: "intersect" }, [a, far])).toBe("nothingCommon");
    expect(refused({ kind: "subtract" }, [a, a])).toBe("nothingLeft");
    expect(refused({ kind: "grow", byPx: -60 }, [a, far])).toBe("nothingLeft");
  });

  it("grow and fill each by itself, but not what is locked", () => {
    const { ops } = done({ kind: "grow", byPx: 10 }, [a, { ...b, locked: true }, far]);
    expect(ops.map(({ id }) => id)).toEqual(["a", "far"]);
    expect(shapeOf(ops[0]).bounds).toEqual([-10, -10, 110, 110]);
    expect(shapeOf(done({ kind: "fillHoles" }, [holed]).ops[0]).areaPx).toBe(900);
  });

  it("invert within the smallest outline around, else on the slide", () => {
    const around = area("around", -100, 400);
    const larger = area("larger", -200, 900);
    const inside = done({ kind: "inverse" }, [b], [a, b, larger, around, far]).ops;
    expect(inside).toHaveLength(1);
    expect(inside[0]).toMatchObject({ type: "create", termId: "active" });
    expect(shapeOf(inside[0])).toEqual({ bounds: [-100, 0, 300, 100], areaPx: 30_000 });
    expect(shapeOf(done({ kind: "inverse" }, [b], [a, b, far]).ops[0]).areaPx).toBe(500_000 - 10_000);
  });
});

describe("refusalOf", () => {
  it.each([
    ["union", [a], "needsTwoAreas"],
    ["union", [a, point], "needsTwoAreas"],
    ["union", [a, b], null],
    ["union", [a, { ...b, locked: true }], "locked"],
    ["subtract", [a, { ...b, locked: true }], null],
    ["subtract", [{ ...a, locked: true }, b], "locked"],
    ["fillHoles", [a], "noHoles"],
    ["fillHoles", [a, holed], null],
    ["askGrow", [point], "needsArea"],
    ["askSimplify", [point], "needsArea"],
    ["inverse", [{ ...a, locked: true }], null],
    ["copy", [], "nothingSelected"],
    ["paste", [], null],
    ["selectAll", [], null],
  ] as const)("%s", (name, selected, refusal) => {
    expect(refusalOf(name, selected, true)).toBe(refusal);
  });

  it("lets those who may not edit copy and select", () => {
    expect(refusalOf("union", [a, b], false)).toBe("readOnly");
    expect(refusalOf("paste", [], false)).toBe("readOnly");
    expect(refusalOf("copy", [a], false)).toBeNull();
  });
});
