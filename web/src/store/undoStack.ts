/**
 * What this tab has done, so that undo and redo show at once what the server will do anyway.
 *
 * The server's own history is the truth and reaches further back (other tabs, before a reload): when the stack is empty the server is asked
 * all the same, and nothing is shown before it has answered.
 */
import type { AnnotationOp } from "../model/annotation";
import { Value } from "../model/observable";

export interface UndoState {
  readonly canUndo: boolean;
  readonly canRedo: boolean;
}

interface Step {
  /** The edit that made it; `null` for a step that came from undo or redo. */
  readonly mutationId: string | null;
  /** What to do to the annotations when this step is taken. */
  readonly ops: readonly AnnotationOp[];
}

export class UndoStack {
  readonly state = new Value<UndoState>({ canUndo: true, canRedo: false });
  private undos: Step[] = [];
  private redos: Step[] = [];
  private serverMayUndo = true;
  private serverMayRedo = false;

  /** A new edit: `inverse` takes it back. What was undone before can't be redone any more. */
  did(mutationId: string, inverse: readonly AnnotationOp[]): void {
    this.undos.push({ mutationId, ops: inverse });
    this.redos = [];
    this.serverMayRedo = false;
    this.publish();
  }

  /** An edit that came to nothing: it was refused, or gave way to another's. */
  forget(mutationId: string): void {
    this.undos = this.undos.filter((step) => step.mutationId !== mutationId);
    this.publish();
  }

  /** Takes the last step back; `apply` shows its ops and answers what would redo them. No ops when only the server may know of a step. */
  undo(apply: (ops: readonly AnnotationOp[]) => readonly AnnotationOp[]): void {
    const step = this.undos.pop();
    this.redos.push({ mutationId: null, ops: apply(step?.ops ?? []) });
    this.serverMayRedo = true;
    this.publish();
  }

  redo(apply: (ops: readonly AnnotationOp[]) => readonly AnnotationOp[]): void {
    const step = this.redos.pop();
    this.undos.push({ mutationId: null, ops: apply(step?.ops ?? []) });
    this.publish();
  }

  /** The server said that there is nothing (more) to undo or redo. */
  exhausted(direction: "undo" | "redo"): void {
    if (direction === "undo") {
      this.serverMayUndo = false;
      this.undos = [];
      this.redos.pop();
      this.serverMayRedo = this.redos.length > 0;
    } else {
      this.serverMayRedo = false;
      this.redos = [];
      this.undos.pop();
    }
    this.publish();
  }

  private publish(): void {
    this.state.set({
      canUndo: this.undos.length > 0 || this.serverMayUndo,
      canRedo: this.redos.length > 0 || this.serverMayRedo,
    });
  }
}
