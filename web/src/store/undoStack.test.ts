import { describe, expect, it } from "vitest";
import type { AnnotationOp } from "../model/annotation";
import { UndoStack } from "./undoStack";

const remove = (id: string): AnnotationOp[] => [{ type: "delete", id }];
const restore = (id: string): AnnotationOp[] => [{ type: "restore", id }];

describe("UndoStack", () => {
  it("takes steps back last first, and does them again first first", () => {
    const stack = new UndoStack();
    stack.did([{ mutationId: "m1", inverse: remove("a") }]);
    stack.did([{ mutationId: "m2", inverse: remove("b") }]);
    const applied: (readonly AnnotationOp[])[] = [];
    const apply = (answer: readonly AnnotationOp[]) => (ops: readonly AnnotationOp[]) => {
      applied.push(ops);
      return answer;
    };
    stack.undo(apply(restore("b")));
    stack.undo(apply(restore("a")));
    stack.redo(apply(remove("a")));
    expect(applied).toEqual([remove("b"), remove("a"), restore("a")]);
  });

  it("takes a step of several parts back as one, last part first, and does it again", () => {
    const stack = new UndoStack();
    stack.did([{ mutationId: "m0", inverse: remove("x") }]);
    stack.did([
      { mutationId: "m1", inverse: remove("a") },
      { mutationId: "m2", inverse: remove("b") },
      { mutationId: "m3", inverse: remove("c") },
    ]);
    stack.forget("m2");
    const applied: (readonly AnnotationOp[])[] = [];
    const apply = (ops: readonly AnnotationOp[]) => {
      applied.push(ops);
      return ops.map(({ id }): AnnotationOp => ({ type: applied.length > 2 ? "delete" : "restore", id }));
    };
    stack.undo(apply);
    expect(applied.splice(0)).toEqual([remove("c"), remove("a")]);
    stack.redo(apply);
    expect(applied.splice(0)).toEqual([restore("a"), restore("c")]);
    stack.undo(apply);
    stack.undo(apply);
    expect(applied.at(-1)).toEqual(remove("x"));
  });

  it("can't redo once something new was done", () => {
    const stack = new UndoStack();
    stack.did([{ mutationId: "m1", inverse: remove("a") }]);
    stack.undo(() => restore("a"));
    expect(stack.state.getSnapshot().canRedo).toBe(true);
    stack.did([{ mutationId: "m2", inverse: remove("b") }]);
    expect(stack.state.getSnapshot()).toEqual({ canUndo: true, canRedo: false });
  });

  it("asks the server beyond what this page has done, until it has nothing", () => {
    const stack = new UndoStack();
    const asked: (readonly AnnotationOp[])[] = [];
    stack.undo((ops) => {
      asked.push(ops);
      return [];
    });
    expect(asked).toEqual([[]]);
    stack.exhausted("undo");
    expect(stack.state.getSnapshot()).toEqual({ canUndo: false, canRedo: false });
    stack.did([{ mutationId: "m1", inverse: remove("a") }]);
    expect(stack.state.getSnapshot().canUndo).toBe(true);
  });

  it("forgets an edit that came to nothing", () => {
    const stack = new UndoStack();
    stack.did([{ mutationId: "m1", inverse: remove("a") }]);
    stack.did([{ mutationId: "m2", inverse: remove("b") }]);
    stack.forget("m2");
    stack.undo((ops) => {
      expect(ops).toEqual(remove("a"));
      return [];
    });
  });
});
