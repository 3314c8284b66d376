import { beforeEach, describe, expect, it } from "vitest";
import type { Term } from "../model/annotation";
import { boundsOf, rectangle } from "../model/geometry";
import { type Clip, clipOf, keepClip, keptClip, pasted } from "./clipboard";
import { TestBench } from "./testing/bench";

const TERM: Term = { id: "t1", name: "Carcinoma", color: "#d7263d", hotkey: null, position: 0 };
const TERMS = new Map([[TERM.id, TERM]]);
const bench = new TestBench();
const shape = bench.add("a", "RECTANGLE", rectangle([100, 200, 300, 240]), {
  termId: "t1",
  note: "seen",
  attributes: { grade: 2, predictionId: "p", predictionPolygon: 7 },
});
const fine = { id: "s1", mppX: 0.25, mppY: 0.25 };

function clip(slide = fine): Clip {
  const made = clipOf([shape], slide, (id) => TERMS.get(id));
  if (made === null) throw new Error("nothing was copied");
  return made;
}

describe("clipboard", () => {
  beforeEach(() => localStorage.clear());

  it("keeps term, note and attributes, but not which prediction's outline it was", () => {
    const [op] = pasted(clip(), fine, { by: [16, 16] }, TERMS, null).ops;
    expect(op).toMatchObject({ kind: "RECTANGLE", termId: "t1", note: "seen", attributes: { grade: 2 } });
    expect(op?.id).not.toBe("a");
    expect(op?.type === "create" && boundsOf(op.geometry)).toEqual([116, 216, 316, 256]);
  });

  it("keeps micrometres on a slide of another scale", () => {
    const coarse = { mppX: 0.5, mppY: 0.5 };
    const { ops, toScale } = pasted(clip(), coarse, { middle: [1000, 1000] }, TERMS, null);
    const [op] = ops;
    // 200 x 40 px of 0.25 um are 100 x 20 px of 0.5 um.
    expect(op?.type === "create" && boundsOf(op.geometry)).toEqual([950, 990, 1050, 1010]);
    expect(toScale).toBe(true);
    const [inPlace] = pasted(clip(), coarse, { by: [0, 0] }, TERMS, null).ops;
    expect(inPlace?.type === "create" && boundsOf(inPlace.geometry)).toEqual([50, 100, 150, 120]);
  });

  it("keeps pixels where a scale is unknown, and says so", () => {
    const { ops, toScale } = pasted(clip(), { mppX: null, mppY: null }, { by: [0, 0] }, TERMS, null);
    expect(toScale).toBe(false);
    expect(ops[0]?.type === "create" && boundsOf(ops[0].geometry)).toEqual([100, 200, 300, 240]);
  });

  it("finds the term of another project by its name, else takes the active one", () => {
    const there = new Map([["x", { ...TERM, id: "x" }]]);
    expect(pasted(clip(), fine, { by: [0, 0] }, there, "active").ops[0]).toMatchObject({ termId: "x" });
    expect(pasted(clip(), fine, { by: [0, 0] }, new Map(), "active").ops[0]).toMatchObject({ termId: "active" });
  });

  it("is there for another tab", () => {
    expect(keptClip()).toBeNull();
    expect(keepClip(clip())).toBe(true);
    expect(keptClip()).toEqual(clip());
  });
});
