import { describe, expect, it, vi } from "vitest";
import type { Annotation } from "../model/annotation";
import { rectangle } from "../model/geometry";
import { Value } from "../model/observable";
import { Selection } from "./selection";
import { TestBench } from "./testing/bench";
import { VisibleAnnotations } from "./visibleAnnotations";

const bench = new TestBench();
const LARGE = bench.add("large", "RECTANGLE", rectangle([0, 0, 100, 100]), { areaPx: 10_000, termId: "t1" });
const SMALL = bench.add("small", "RECTANGLE", rectangle([40, 40, 60, 60]), { areaPx: 400, layerId: "m" });
const LOCKED = bench.add("locked", "RECTANGLE", rectangle([200, 0, 210, 10]), { areaPx: 100, locked: true });

function snapshot(...all: readonly Annotation[]) {
  return new Value({ revision: 1, byId: new Map(all.map((each) => [each.id, each])), layers: [] });
}

describe("Selection", () => {
  function open() {
    const editable = new Value(true);
    const session = { annotations: snapshot(LARGE, SMALL, LOCKED), apply: vi.fn() };
    const changed = vi.fn();
    return { editable, session, changed, selection: new Selection(session, editable, changed) };
  }

  it("tells of a change, not of the same again", () => {
    const { selection, changed } = open();
    selection.set(["large", "small"]);
    selection.set(["large", "small"]);
    selection.keepOnly((id) => id !== "large");
    expect(changed.mock.calls).toEqual([[["large", "small"]], [["small"]]]);
  });

  it("deletes what is not locked", () => {
    const { selection, session } = open();
    selection.set(["large", "locked", "gone"]);
    selection.delete();
    expect(session.apply).toHaveBeenCalledExactlyOnceWith([{ type: "delete", id: "large" }]);
  });

  it("gives a term to those that have another", () => {
    const { selection, session } = open();
    selection.set(["large", "small", "locked"]);
    selection.giveTerm("t1");
    expect(session.apply).toHaveBeenCalledExactlyOnceWith([{ type: "update", id: "small", termId: "t1" }]);
  });

  it("changes nothing for those who may only look", () => {
    const { selection, session, editable } = open();
    selection.set(["large"]);
    editable.set(false);
    selection.delete();
    selection.giveTerm("t2");
    expect(session.apply).not.toHaveBeenCalled();
  });
});

describe("VisibleAnnotations", () => {
  it("finds the smallest, but what is selected before it", () => {
    const visible = new VisibleAnnotations(snapshot(LARGE, SMALL, LOCKED));
    expect(visible.topmostAt([50, 50], 2, [])).toBe(SMALL);
    expect(visible.topmostAt([50, 50], 2, ["large"])).toBe(LARGE);
    expect(visible.topmostAt([150, 50], 2, [])).toBeUndefined();
  });

  it("finds nothing of a hidden layer until it is shown again", () => {
    const visible = new VisibleAnnotations(snapshot(LARGE, SMALL));
    visible.setLayerVisible("m", false);
    expect(visible.topmostAt([50, 50], 2, [])).toBe(LARGE);
    expect(
      visible.within([
        [0, 0],
        [100, 100],
      ]),
    ).toEqual([LARGE]);
    visible.setLayerVisible("m", true);
    expect(
      visible.within([
        [0, 0],
        [100, 100],
      ]),
    ).toEqual([LARGE, SMALL]);
  });
});
