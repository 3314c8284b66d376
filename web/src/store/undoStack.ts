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

/** One mutation of a step, and what takes it back. */
export interface StepPart {
  readonly mutationId: string;
  readonly inverse: readonly AnnotationOp[];
}

interface Step {
  /** In the order in which they are taken; a step that was sent in parts is taken in parts, too. */
  readonly parts: readonly {
    /** The edit that made it; `null` for what came from undo or redo. */
    readonly mutationId: string | null;
    /** What to do to the annotations. */
    readonly ops: readonly AnnotationOp[];
  }[];
}

/** Only the server may know what there is to take back. */
const UNKNOWN: Step = { parts: [{ mutationId: null, ops: [] }] };

export class UndoStack {
  readonly state = new Value<UndoState>({ canUndo: true, canRedo: false });
  private undos: Step[] = [];
  private redos: Step[] = [];
  private serverMayUndo = true;
  private serverMayRedo = false;

  /** A new edit, of one mutation or more, in their order. What was undone before can't be redone any more. */
  did(parts: readonly StepPart[]): void {
    this.undos.push({ parts: parts.map(({ mutationId, inverse }) => ({ mutationId, ops: inverse })).reverse() });
    this.redos = [];
    this.serverMayRedo = false;
    this.publish();
  }

  /** An edit that came to nothing: it was refused, or gave way to another's. */
  forget(mutationId: string): void {
    this.undos = this.undos
      .map((step) => ({ parts: step.parts.filter((part) => part.mutationId !== mutationId) }))
      .filter(({ parts }) => parts.length > 0);
    this.publish();
  }

  /** Takes the last step back; `apply` shows its ops and answers what would redo them. No ops when only the server may know of a step. */
  undo(apply: (ops: readonly AnnotationOp[]) => readonly AnnotationOp[]): void {
    this.redos.push(reversed(this.undos.pop() ?? UNKNOWN, apply));
    this.serverMayRedo = true;
    this.publish();
  }

  redo(apply: (ops: readonly AnnotationOp[]) => readonly AnnotationOp[]): void {
    this.undos.push(reversed(this.redos.pop() ?? UNKNOWN, apply));
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

function reversed(step: Step, apply: (ops: readonly AnnotationOp[]) => readonly AnnotationOp[]): Step {
  return { parts: step.parts.map(({ ops }) => ({ mutationId: null, ops: apply(ops) })).reverse() };
}
