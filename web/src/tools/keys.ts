/** Keys of the workbench, as the tool bar and the shortcut sheet show them. */
import type { ToolName } from "../viewer/facade";

export const TOOL_KEYS: Readonly<Record<ToolName, string>> = {
  select: "V",
  pan: "H",
  point: ".",
  line: "L",
  rectangle: "R",
  ellipse: "E",
  polygon: "P",
  freehand: "F",
  brush: "B",
  eraser: "X",
  measure: "M",
};

const TOOL_BY_KEY: ReadonlyMap<string, ToolName> = new Map(
  (Object.entries(TOOL_KEYS) as [ToolName, string][]).map(([tool, key]) => [key.toLowerCase(), tool]),
);

export type Command =
  | { readonly kind: "tool"; readonly tool: ToolName }
  | { readonly kind: "undo" | "redo" | "delete" | "fit" | "cancel" }
  | { readonly kind: "zoom"; readonly steps: number }
  | { readonly kind: "pan"; readonly dx: number; readonly dy: number }
  /** A key that may stand for a term. */
  | { readonly kind: "term"; readonly key: string };

/** Screen pixels that an arrow key moves the slide. */
const ARROW_PX = 80;
const ARROWS: ReadonlyMap<string, readonly [number, number]> = new Map([
  ["ArrowLeft", [-ARROW_PX, 0]],
  ["ArrowRight", [ARROW_PX, 0]],
  ["ArrowUp", [0, -ARROW_PX]],
  ["ArrowDown", [0, ARROW_PX]],
]);

/** What a key asks for; `null` when it is none of ours. Letters are read by their place on the keyboard, so a Korean layout works too. */
export function commandOf(event: KeyboardEvent): Command | null {
  const control = event.ctrlKey || event.metaKey;
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1]?.toLowerCase() ?? event.key.toLowerCase();
  if (control) {
    if (letter === "z") return { kind: event.shiftKey ? "redo" : "undo" };
    return letter === "y" ? { kind: "redo" } : null;
  }
  if (event.altKey) return null;
  const arrow = ARROWS.get(event.key);
  if (arrow !== undefined) return { kind: "pan", dx: arrow[0], dy: arrow[1] };
  switch (event.key) {
    case "Delete":
    case "Backspace":
      return { kind: "delete" };
    case "Escape":
      return { kind: "cancel" };
    case "+":
    case "=":
      return { kind: "zoom", steps: 1 };
    case "-":
    case "_":
      return { kind: "zoom", steps: -1 };
    case "0":
      return { kind: "fit" };
    default: {
      const tool = TOOL_BY_KEY.get(letter);
      if (tool !== undefined && !event.shiftKey) return { kind: "tool", tool };
      return event.key.length === 1 ? { kind: "term", key: event.key } : null;
    }
  }
}

/** Whether the key belongs to a text field, a list or a dialog of the page instead. */
export function isForPage(event: KeyboardEvent): boolean {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  if (
    target.isContentEditable ||
    target.closest("input, textarea, select, [role=dialog], [role=menu], [role=listbox], [role=slider]") !== null
  )
    return true;
  // A focused button keeps the keys that press it, and a tab or radio the arrows.
  const moves =
    event.key.startsWith("Arrow") &&
    target.closest("[role=tab], [role=radio], [role=treeitem], [role=row], [role=option]") !== null;
  return moves || ((event.key === "Enter" || event.key === " ") && target.closest("button, a") !== null);
}
