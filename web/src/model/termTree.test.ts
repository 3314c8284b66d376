import { describe, expect, it } from "vitest";
import type { Term } from "./annotation";
import { depthsOf, pathOf, placesFor, summed, treeOf } from "./termTree";

const term = (id: string, position: number, parentId: string | null = null): Term => ({
  id,
  name: id.toUpperCase(),
  color: "#123456",
  hotkey: null,
  position,
  parentId,
});

/** a (b (c), d), e */
const TERMS = [term("e", 4), term("a", 0), term("d", 3, "a"), term("b", 1, "a"), term("c", 2, "b")];

describe("the tree of terms", () => {
  it("puts children below their parents in the order of positions", () => {
    expect(treeOf(TERMS).map(({ term: { id } }) => id)).toEqual(["a", "e"]);
    expect(treeOf(TERMS)[0]?.below.map(({ term: { id } }) => id)).toEqual(["b", "d"]);
    expect([...depthsOf(TERMS)]).toEqual([
      ["a", 0],
      ["b", 1],
      ["c", 2],
      ["d", 1],
      ["e", 0],
    ]);
  });

  it("takes a term whose parent is gone for one at the top", () => {
    expect(depthsOf([term("x", 0, "gone")]).get("x")).toBe(0);
  });

  it("names the way down to a term", () => {
    const byId = new Map(TERMS.map((each) => [each.id, each]));
    expect(pathOf(byId, term("c", 2, "b"))).toEqual(["A", "B", "C"]);
  });

  it("adds up what lies below", () => {
    const [a, e] = treeOf(TERMS);
    const counts: Record<string, number> = { a: 1, b: 10, c: 100, d: 1000, e: 5 };
    expect([a, e].map((branch) => branch && summed(branch, ({ id }) => counts[id] ?? 0))).toEqual([1111, 5]);
  });

  it("says where each move leads, and which can't be", () => {
    expect(placesFor(TERMS, "d")).toEqual({
      up: { parentId: "a", beforeId: "b" },
      in: { parentId: "b", beforeId: null },
      out: { parentId: null, beforeId: "e" },
    });
    expect(placesFor(TERMS, "b")).toEqual({
      down: { parentId: "a", beforeId: null },
      out: { parentId: null, beforeId: "e" },
    });
    expect(placesFor(TERMS, "a")).toEqual({ down: { parentId: null, beforeId: null } });
    expect(placesFor(TERMS, "nothing")).toEqual({});
  });
});
