import { describe, expect, it } from "vitest";
import type { AnnotationOp } from "../model/annotation";
import { rectangle } from "../model/geometry";
import { type Author, applyOp, inverseOf, type Row } from "./rows";

const AUTHOR: Author = { slideId: "s", person: null, layerId: "l", now: "2026-01-02T00:00:00Z" };
const CREATE: AnnotationOp = {
  type: "create",
  id: "a",
  kind: "RECTANGLE",
  geometry: rectangle([0, 0, 10, 10]),
  termId: null,
};
const BEFORE = applyOp(undefined, CREATE, AUTHOR) as Row;

function brushedBy(type: "addArea" | "subtractArea", geometry = rectangle([5, 0, 25, 10])) {
  const op: AnnotationOp = { type, id: "a", geometry };
  return { op, row: applyOp(BEFORE, op, AUTHOR) };
}

describe("review", () => {
  const REJECT: AnnotationOp = { type: "review", id: "a", state: "REJECTED", reason: "Too wide" };

  it("says what became of it, and locks what is accepted", () => {
    const rejected = applyOp(BEFORE, REJECT, AUTHOR)?.annotation;
    expect([rejected?.reviewState, rejected?.reviewReason, rejected?.locked]).toEqual(["REJECTED", "Too wide", false]);
    const accepted = applyOp(BEFORE, { type: "review", id: "a", state: "ACCEPTED" }, AUTHOR);
    expect([accepted?.annotation.reviewState, accepted?.annotation.locked]).toEqual(["ACCEPTED", true]);
    const opened = applyOp(accepted, { type: "review", id: "a", state: "PROPOSED" }, AUTHOR)?.annotation;
    expect([opened?.reviewState, opened?.locked]).toEqual(["PROPOSED", false]);
  });

  it("goes back to the state and the reason from before", () => {
    const rejected = applyOp(BEFORE, REJECT, AUTHOR);
    const accept: AnnotationOp = { type: "review", id: "a", state: "ACCEPTED" };
    const back = inverseOf(accept, rejected);
    const again = back && applyOp(applyOp(rejected, accept, AUTHOR), back, AUTHOR)?.annotation;
    expect(again).toEqual(rejected?.annotation);
  });
});

describe("areas brushed and erased", () => {
  it("are added, and measured anew", () => {
    const { row } = brushedBy("addArea");
    expect([row?.deleted, row?.annotation.kind, row?.annotation.areaPx]).toEqual([false, "POLYGON", 250]);
    expect(row?.annotation.bounds).toEqual([0, 0, 25, 10]);
  });

  it("become several polygons where they do not touch", () => {
    const { row } = brushedBy("addArea", rectangle([20, 0, 30, 10]));
    expect([row?.annotation.kind, row?.annotation.areaPx]).toEqual(["MULTIPOLYGON", 200]);
  });

  it("are taken away, as holes too", () => {
    expect(brushedBy("subtractArea").row?.annotation.areaPx).toBe(50);
    const { row } = brushedBy("subtractArea", rectangle([2, 2, 4, 4]));
    expect(row?.annotation.areaPx).toBe(96);
    expect(row?.annotation.geometry.coordinates).toHaveLength(2);
  });

  it("are deleted when nothing is left, and come back with the shape they had", () => {
    const { op, row } = brushedBy("subtractArea", rectangle([-5, -5, 25, 25]));
    expect(row).toEqual({ ...BEFORE, deleted: true });
    const back = inverseOf(op, BEFORE);
    expect(back).toEqual({ type: "restore", id: "a" });
    expect(back && applyOp(row, back, AUTHOR)).toEqual(BEFORE);
  });

  it.each(["addArea", "subtractArea"] as const)("go back to the shape and kind from before: %s", (type) => {
    const { op, row } = brushedBy(type);
    const back = inverseOf(op, BEFORE);
    expect(back && applyOp(row, back, AUTHOR)?.annotation).toEqual(BEFORE.annotation);
  });
});
