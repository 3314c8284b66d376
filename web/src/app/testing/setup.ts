import "@testing-library/jest-dom/vitest";
import { cleanup } from "@testing-library/react";
import { afterEach, vi } from "vitest";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

// What the browser has and happy-dom lacks: growing text fields ask when fonts have come.
if (typeof document !== "undefined" && !document.fonts) {
  Object.defineProperty(document, "fonts", { value: new EventTarget() });
}
