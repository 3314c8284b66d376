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

// No layout is made there, either: a list that shows only what is in sight is told that it has a height.
if (typeof document !== "undefined") {
  let owner: object = document.createElement("div");
  while (!Object.hasOwn(owner, "clientHeight")) owner = Object.getPrototypeOf(owner);
  Object.defineProperty(owner, "clientHeight", { configurable: true, value: 600 });
}
