import { useEffect, useRef } from "react";

/** Plain keys of the page, which a text field keeps to itself. */
export function usePageKeys(keys: Readonly<Record<string, () => void>>): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const action = latest.current[event.key] ?? latest.current[letterOf(event) ?? ""];
      // A key that the tool in hand has used is used up.
      if (!action || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target))
        return;
      event.preventDefault();
      action();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}

/** The letter at the key's place, so that it is the same key on a Korean layout. */
function letterOf({ code, shiftKey }: KeyboardEvent): string | undefined {
  return shiftKey ? undefined : /^Key([A-Z])$/.exec(code)?.[1]?.toLowerCase();
}

export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest("input, textarea, select, [contenteditable], [role=dialog]") !== null
  );
}
