import { describe, expect, it } from "vitest";
import { COMMAND_KEYS, commandOf, isForPage, TOOL_KEYS } from "./keys";

const key = (init: KeyboardEventInit) => new KeyboardEvent("keydown", { bubbles: true, ...init });

describe("commandOf", () => {
  it("has one tool for each key that the tool bar shows", () => {
    for (const [tool, shown] of Object.entries(TOOL_KEYS))
      expect(commandOf(key({ key: shown.toLowerCase() }))).toEqual({ kind: "tool", tool });
    expect(new Set(Object.values(TOOL_KEYS)).size).toBe(Object.keys(TOOL_KEYS).length);
  });

  it("reads letters by their place, so a Korean layout works", () => {
    expect(commandOf(key({ key: "ㅔ", code: "KeyP" }))).toEqual({ kind: "tool", tool: "polygon" });
    expect(commandOf(key({ key: "ㅋ", code: "KeyZ", ctrlKey: true }))).toEqual({ kind: "undo" });
  });

  it("undoes and redoes as both worlds do", () => {
    expect(commandOf(key({ key: "z", metaKey: true }))).toEqual({ kind: "undo" });
    expect(commandOf(key({ key: "Z", ctrlKey: true, shiftKey: true }))).toEqual({ kind: "redo" });
    expect(commandOf(key({ key: "y", ctrlKey: true }))).toEqual({ kind: "redo" });
  });

  it("has the commands on the selection under the keys that are shown", () => {
    for (const [name, shown] of Object.entries(COMMAND_KEYS)) {
      const keys = shown.split(" ");
      const modifiers = { ctrlKey: keys.includes("Ctrl"), shiftKey: keys.includes("Shift") };
      const pressed = commandOf(key({ code: `Key${keys.at(-1)}`, key: "ㅁ", ...modifiers }));
      expect(pressed).toEqual({ kind: "command", command: { kind: name } });
    }
    expect(new Set(Object.values(COMMAND_KEYS)).size).toBe(Object.keys(COMMAND_KEYS).length);
  });

  it("moves the view by arrows, and the selection with Shift", () => {
    expect(commandOf(key({ key: "ArrowLeft" }))).toEqual({ kind: "pan", dx: -80, dy: 0 });
    expect(commandOf(key({ key: "ArrowUp", shiftKey: true }))).toEqual({ kind: "nudge", dx: 0, dy: -4 });
  });

  it("leaves the browser its own keys", () => {
    expect(commandOf(key({ key: "r", ctrlKey: true }))).toBeNull();
    expect(commandOf(key({ key: "ArrowLeft", altKey: true }))).toBeNull();
    expect(commandOf(key({ key: "F5" }))).toBeNull();
  });

  it("offers digits to the terms", () => {
    expect(commandOf(key({ key: "3" }))).toEqual({ kind: "term", key: "3" });
    expect(commandOf(key({ key: "0" }))).toEqual({ kind: "fit" });
  });
});

describe("isForPage", () => {
  function pressedIn(html: string, init: KeyboardEventInit): boolean {
    document.body.innerHTML = html;
    const event = key(init);
    document.querySelector("[data-here]")?.dispatchEvent(event);
    return isForPage(event);
  }

  it("keeps typing out of the tools", () => {
    expect(pressedIn("<input data-here>", { key: "p" })).toBe(true);
    expect(pressedIn("<div role=dialog><button data-here></button></div>", { key: "p" })).toBe(true);
  });

  it("lets tool keys through from a button, but not the keys that press it", () => {
    expect(pressedIn("<button data-here></button>", { key: "p" })).toBe(false);
    expect(pressedIn("<button data-here></button>", { key: "Enter" })).toBe(true);
    expect(pressedIn("<button data-here></button>", { key: " " })).toBe(true);
    expect(pressedIn("<button role=tab data-here></button>", { key: "ArrowRight" })).toBe(true);
  });
});
