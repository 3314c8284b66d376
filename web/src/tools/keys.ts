/** Keys of the workbench, as the tool bar and the shortcut sheet show them. */
import type { CommandName, SelectionCommand } from "../viewer/commandFacade";
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
  transform: "T",
  spline: "S",
  count: "N",
  hole: "O",
  split: "K",
  wand: "W",
};

const TOOL_BY_KEY: ReadonlyMap<string, ToolName> = new Map(
  (Object.entries(TOOL_KEYS) as [ToolName, string][]).map(([tool, key]) => [key.toLowerCase(), tool]),
);

/** Keys of the commands on the selection, as they are shown: Shift with a letter, or Ctrl as everywhere. */
export const COMMAND_KEYS = {
  union: "Shift U",
  subtract: "Shift S",
  intersect: "Shift I",
  exclude: "Shift X",
  askSimplify: "Shift Y",
  fillHoles: "Shift H",
  askGrow: "Shift G",
  inverse: "Shift N",
  copy: "Ctrl C",
  cut: "Ctrl X",
  paste: "Ctrl V",
  pasteInPlace: "Ctrl Shift V",
  duplicate: "Ctrl D",
  selectAll: "Ctrl A",
  selectTerm: "Shift A",
} as const satisfies Partial<Record<CommandName, string>>;

export type KeyCommand = keyof typeof COMMAND_KEYS;

const COMMAND_BY_KEY: ReadonlyMap<string, KeyCommand> = new Map(
  (Object.entries(COMMAND_KEYS) as [KeyCommand, string][]).map(([name, keys]) => [keys.toLowerCase(), name]),
);

export type Command =
  | { readonly kind: "tool"; readonly tool: ToolName }
  | { readonly kind: "undo" | "redo" | "delete" | "fit" | "cancel" }
  | { readonly kind: "zoom"; readonly steps: number }
  | { readonly kind: "pan"; readonly dx: number; readonly dy: number }
  /** Moves what is selected, by screen pixels. */
  | { readonly kind: "nudge"; readonly dx: number; readonly dy: number }
  | { readonly kind: "command"; readonly command: SelectionCommand }
  /** A key that may stand for a term. */
  | { readonly kind: "term"; readonly key: string };

/** Screen pixels that an arrow key moves the slide. */
const ARROW_PX = 80;
/** And the selection, with Shift. */
const NUDGE_PX = 4;
const ARROWS: ReadonlyMap<string, readonly [number, number]> = new Map([
  ["ArrowLeft", [-1, 0]],
  ["ArrowRight", [1, 0]],
  ["ArrowUp", [0, -1]],
  ["ArrowDown", [0, 1]],
]);

/** What a key asks for; `null` when it is none of ours. Letters are read by their place on the keyboard, so a Korean layout works too. */
export function commandOf(event: KeyboardEvent): Command | null {
  const control = event.ctrlKey || event.metaKey;
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1]?.toLowerCase() ?? event.key.toLowerCase();
  if (control && letter === "z") return { kind: event.shiftKey ? "redo" : "undo" };
  if (control && letter === "y") return { kind: "redo" };
  if (event.altKey) return null;
  const name = COMMAND_BY_KEY.get(`${control ? "ctrl " : ""}${event.shiftKey ? "shift " : ""}${letter}`);
  if (name !== undefined) return { kind: "command", command: { kind: name } };
  if (control) return null;
  const arrow = ARROWS.get(event.key);
  if (arrow !== undefined) {
    const [kind, px] = event.shiftKey ? (["nudge", NUDGE_PX] as const) : (["pan", ARROW_PX] as const);
    return { kind, dx: arrow[0] * px, dy: arrow[1] * px };
  }
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
