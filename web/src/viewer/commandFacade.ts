/** What can be done to the selected annotations at once, and how the panels ask for it: interfaces only. */
import type { Observable } from "../model/observable";

/** Commands that make other shapes of what is selected; each is one operation, and one step of undo. */
export type ShapeCommand =
  | { readonly kind: "union" | "subtract" | "intersect" | "exclude" | "fillHoles" | "inverse" }
  /** Level-0 pixels. */
  | { readonly kind: "simplify"; readonly tolerancePx: number }
  /** Level-0 pixels; negative shrinks. */
  | { readonly kind: "grow"; readonly byPx: number };

export type SelectionCommand =
  | ShapeCommand
  | {
      readonly kind:
        | "copy"
        | "cut"
        | "paste"
        | "pasteInPlace"
        | "duplicate"
        | "selectAll"
        | "selectTerm"
        /** Shows the field that asks for the tolerance or the width. */
        | "askSimplify"
        | "askGrow";
    };

export type CommandName = SelectionCommand["kind"];

/** Why a command can't be done, or came to nothing. */
export type CommandRefusal =
  | "readOnly"
  | "nothingSelected"
  | "needsArea"
  | "needsTwoAreas"
  | "noHoles"
  | "locked"
  | "nothingLeft"
  | "nothingCommon"
  | "nothingFound"
  | "nothingToPaste"
  | "tooMuchToCopy"
  | "notCut"
  | "noAreaHere"
  | "nothingAlike"
  | "needsLine";

/** What a command has to tell, for a message in passing. */
export interface CommandNote {
  readonly id: number;
  readonly code: CommandRefusal | "copied" | "pasted" | "pastedWithoutScale";
  readonly count: number;
}

export interface CommandDesk {
  /** The command that waits for its number. */
  readonly asked: Observable<"simplify" | "grow" | null>;
  /** The latest; `null` before the first. */
  readonly note: Observable<CommandNote | null>;
  run(command: SelectionCommand): void;
  /** Why it can't be done with what is selected now; `null` when it can. */
  refusal(name: CommandName): CommandRefusal | null;
  ask(what: "simplify" | "grow" | null): void;
  /** Draws what a command would make, dashed; `null` ends it. */
  preview(command: ShapeCommand | null): void;
}
