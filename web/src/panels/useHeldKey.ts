import { type RefObject, useEffect } from "react";
import { isTyping } from "./usePageKeys";

/** Sets `data-<name>` on an element as long as a key is held, by its place on the keyboard. */
export function useHeldKey(code: string, element: RefObject<HTMLElement | null>, name: string): void {
  useEffect(() => {
    const closing = new AbortController();
    const { signal } = closing;
    const end = () => delete element.current?.dataset[name];
    window.addEventListener(
      "keydown",
      (event) => {
        if (event.code !== code || isTyping(event.target) || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        if (element.current) element.current.dataset[name] = "";
      },
      { signal, capture: true },
    );
    window.addEventListener("keyup", (event) => event.code === code && end(), { signal });
    window.addEventListener("blur", end, { signal });
    return () => {
      end();
      closing.abort();
    };
  }, [code, element, name]);
}
