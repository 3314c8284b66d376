import { describe, expect, it } from "vitest";
import type { AnnotationOp, Position } from "../model/annotation";
import { inParts } from "./parts";

const remove = (count: number) =>
  Array.from({ length: count }, (_, k): AnnotationOp => ({ type: "delete", id: String(k) }));

function create(id: string, points: number): AnnotationOp {
  const coordinates = Array.from({ length: points }, (_, k): Position => [k, k]);
  return { type: "create", id, kind: "LINE", geometry: { type: "LineString", coordinates }, termId: null };
}

describe("inParts", () => {
  it("leaves what one call takes in one piece, so that it is done wholly or not at all", () => {
    expect(inParts(remove(5_000))).toHaveLength(1);
    expect(inParts([])).toEqual([[]]);
  });

  it("divides what is more, in order", () => {
    const ops = remove(12_345);
    const parts = inParts(ops);
    expect(parts.map(({ length }) => length)).toEqual([...Array(12).fill(1_000), 345]);
    expect(parts.flat()).toEqual(ops);
  });

  it("goes by points, too; a shape of many is a part of its own", () => {
    const ops = [create("a", 30_000), create("b", 30_000), create("huge", 190_000), create("c", 1_000)];
    expect(inParts(ops).map((part) => part.map(({ id }) => id))).toEqual([["a"], ["b"], ["huge"], ["c"]]);
  });
});
