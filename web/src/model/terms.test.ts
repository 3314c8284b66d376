import { describe, expect, it } from "vitest";
import type { Term } from "./annotation";
import { countByTerm, lookOf, NO_TERM_COLOR, termOfKey } from "./terms";

const term = (id: string, position: number, hotkey: string | null = null, name = id): Term => ({
  id,
  name,
  color: "#123456",
  hotkey,
  position,
});

describe("lookOf", () => {
  it("hatches what says of itself that it is unsure, in either language", () => {
    expect(lookOf(term("a", 0, null, "Unsure")).pattern).toBe("hatched");
    expect(lookOf(term("a", 0, null, "불확실")).pattern).toBe("hatched");
    expect(lookOf(term("a", 0, null, "Carcinoma"))).toEqual({ color: "#123456", pattern: "solid" });
    expect(lookOf(undefined)).toEqual({ color: NO_TERM_COLOR, pattern: "solid" });
  });
});

describe("termOfKey", () => {
  const terms = [term("second", 1), term("first", 0), term("own", 2, "q")];

  it("goes by the term's own key, then by its place", () => {
    expect(termOfKey(terms, "1")?.id).toBe("first");
    expect(termOfKey(terms, "2")?.id).toBe("second");
    expect(termOfKey(terms, "Q")?.id).toBe("own");
    expect(termOfKey(terms, "9")).toBeUndefined();
    expect(termOfKey(terms, "x")).toBeUndefined();
  });
});

describe("countByTerm", () => {
  it("counts shapes without a term too", () => {
    const shapes = [{ termId: "a" }, { termId: null }, { termId: "a" }] as Parameters<typeof countByTerm>[0];
    expect([...countByTerm(shapes)]).toEqual([
      ["a", 2],
      [null, 1],
    ]);
  });
});
