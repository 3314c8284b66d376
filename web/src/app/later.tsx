/** Parts of a page that are not on it at first: fetched when they are opened, or once the page has nothing else to do. */
import { type ComponentType, lazy, Suspense } from "react";

const loads: (() => Promise<unknown>)[] = [];

/** A component of another module; until it is there, nothing is shown in its place. */
export function later<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  const Loaded = lazy(async () => ({ default: await load() }));
  loads.push(load);
  return function Later(props: Props) {
    return (
      <Suspense fallback={null}>
        <Loaded {...props} />
      </Suspense>
    );
  };
}

/** Fetches one part after another in the browser's idle moments, so that opening one waits for nothing. */
export function fetchLaterParts(): void {
  const idle = "requestIdleCallback" in window ? window.requestIdleCallback : (run: () => void) => setTimeout(run, 200);
  const next = () => {
    const load = loads.shift();
    // What can't be fetched now is fetched when it is opened.
    if (load !== undefined)
      idle(
        () =>
          void load()
            .catch(() => undefined)
            .finally(next),
      );
  };
  next();
}
