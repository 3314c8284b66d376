import { describe, expect, it } from "vitest";
import { opInputOf, presentOf, rectangleOf } from "./records";

const SQUARE = {
  type: "Polygon",
  coordinates: [
    [
      [0, 0],
      [1, 0],
      [1, 1],
      [0, 0],
    ],
  ],
} as const;

describe("opInputOf", () => {
  it("tells a term that is taken away from one that is left alone", () => {
    expect(opInputOf({ type: "update", id: "a", termId: null })).toEqual({ update: { id: "a", clearTerm: true } });
    expect(opInputOf({ type: "update", id: "a", termId: "t" })).toEqual({ update: { id: "a", termId: "t" } });
    expect(opInputOf({ type: "update", id: "a", note: "n" })).toEqual({ update: { id: "a", note: "n" } });
  });

  it("sets exactly one member", () => {
    expect(opInputOf({ type: "create", id: "a", kind: "POLYGON", geometry: SQUARE, termId: null })).toEqual({
      create: { id: "a", kind: "POLYGON", geometry: SQUARE, termId: null },
    });
    expect(opInputOf({ type: "delete", id: "a", expectedVersion: 2 })).toEqual({
      delete: { id: "a", expectedVersion: 2 },
    });
    expect(opInputOf({ type: "restore", id: "a" })).toEqual({ restore: { id: "a", expectedVersion: null } });
  });
});

describe("presentOf", () => {
  it("reads and writes a viewport as x, y, width and height", () => {
    const record = {
      clientId: "c",
      user: { id: "u", name: "U", color: "#fff" },
      cursor: null,
      selection: [],
      presenting: true,
    };
    const present = presentOf({ ...record, viewport: [10, 20, 30, 40], tool: null, stroke: null });
    expect(present).toMatchObject({ viewport: [10, 20, 40, 60], presenting: true });
    expect(rectangleOf([10, 20, 40, 60])).toEqual([10, 20, 30, 40]);
  });

  it("pairs flat numbers and drops a cursor that is no point", () => {
    const user = { id: "u", name: "U", color: "#fff" };
    const present = presentOf({
      clientId: "c",
      user,
      cursor: [],
      viewport: [10, 20, 30, 40],
      selection: ["a"],
      tool: "pan",
      stroke: [1, 2, 3, 4, 5],
      presenting: false,
    });
    expect(present).toEqual({
      clientId: "c",
      person: user,
      cursor: null,
      viewport: [10, 20, 40, 60],
      selection: ["a"],
      tool: "pan",
      stroke: [
        [1, 2],
        [3, 4],
      ],
      presenting: false,
    });
  });
});
