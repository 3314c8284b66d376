import { describe, expect, it, vi } from "vitest";
import { rectangle } from "../model/geometry";
import { Value } from "../model/observable";
import type { ConflictView } from "../viewer/facade";
import { ConflictComparison } from "./conflictComparison";
import { TestBench } from "./testing/bench";

const bench = new TestBench();
const mine = bench.add("a", "RECTANGLE", rectangle([0, 0, 10, 10]));
const theirs = bench.add("a", "RECTANGLE", rectangle([5, 0, 15, 10]));

function open(conflict: Pick<ConflictView, "mine" | "theirs">) {
  const conflicts = new Value<readonly ConflictView[]>([{ annotationId: "a", by: "Ben", canMerge: true, ...conflict }]);
  const viewer = { setGhost: vi.fn(), camera: { fitAll: vi.fn() } };
  return { conflicts, viewer, comparison: new ConflictComparison(viewer, { conflicts }) };
}

describe("ConflictComparison", () => {
  it("draws mine over theirs and goes to both", () => {
    const { viewer, comparison } = open({ mine, theirs });
    comparison.show("a");
    expect(viewer.setGhost).toHaveBeenCalledExactlyOnceWith(mine.geometry);
    expect(viewer.camera.fitAll).toHaveBeenCalledExactlyOnceWith([
      [0, 0, 10, 10],
      [5, 0, 15, 10],
    ]);
  });

  it("goes to theirs alone where mine was a deletion", () => {
    const { viewer, comparison } = open({ mine: null, theirs });
    comparison.show("a");
    expect(viewer.setGhost).toHaveBeenCalledExactlyOnceWith(null);
    expect(viewer.camera.fitAll).toHaveBeenCalledExactlyOnceWith([[5, 0, 15, 10]]);
  });

  it("ends with the conflict, and stays where it is", () => {
    const { conflicts, viewer, comparison } = open({ mine, theirs });
    comparison.show("a");
    conflicts.set([]);
    expect(viewer.setGhost).toHaveBeenLastCalledWith(null);
    expect(viewer.camera.fitAll).toHaveBeenCalledTimes(1);
  });
});
