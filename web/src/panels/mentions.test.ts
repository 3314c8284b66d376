import { describe, expect, it } from "vitest";
import { candidates, completed, mentionedIn, mentionQuery, partsOf } from "./mentions";

const ANN = { id: "1", name: "Ann", color: "#111111" };
const ANN_LEE = { id: "2", name: "Ann Lee", color: "#222222" };
const YUNA = { id: "3", name: "김유나", color: "#333333" };
const PEOPLE = [ANN, ANN_LEE, YUNA];

describe("mentionQuery", () => {
  it.each([
    ["see @An", 7, { start: 4, words: "An" }],
    ["@", 1, { start: 0, words: "" }],
    ["@Ann L", 6, { start: 0, words: "Ann L" }],
    ["ann@example", 11, null],
    ["@ Ann", 5, null],
    ["@Ann\nnext", 9, null],
    ["no name", 7, null],
  ])("reads %j with the caret at %d", (text, caret, expected) => {
    expect(mentionQuery(text, caret)).toEqual(expected);
  });
});

describe("completing", () => {
  it("offers those whose name begins so first, in any script", () => {
    expect(candidates({ start: 0, words: "l" }, PEOPLE)).toEqual([ANN_LEE]);
    expect(candidates({ start: 0, words: "유" }, PEOPLE)).toEqual([YUNA]);
    expect(candidates({ start: 0, words: "" }, PEOPLE)).toEqual(PEOPLE);
  });

  it("fills the name in and keeps what stands behind the caret", () => {
    expect(completed("see @An please", 7, { start: 4, words: "An" }, ANN_LEE)).toEqual({
      text: "see @Ann Lee please",
      caret: 13,
    });
  });
});

describe("finding", () => {
  it("takes the longer of two names that begin alike", () => {
    expect(mentionedIn("@Ann Lee and @Ann, @김유나님", PEOPLE)).toEqual(["2", "1", "3"]);
  });

  it("cuts the text at the names and leaves the rest alone", () => {
    expect(partsOf("to @Ann: ok @nobody", PEOPLE)).toEqual([
      { kind: "text", at: 0, text: "to " },
      { kind: "mention", at: 3, person: ANN },
      { kind: "text", at: 7, text: ": ok @nobody" },
    ]);
  });
});
