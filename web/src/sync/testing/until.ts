/** Waiting in tests for something to become so, by its own news instead of by the clock. */
import type { Observable } from "../../model/observable";

const LIMIT_MS = 5_000;

/** Resolves with the value once `test` holds; rejects, saying what it last was, after five seconds. */
export function until<T>(observable: Observable<T>, test: (value: T) => boolean): Promise<T> {
  return new Promise((resolve, reject) => {
    const check = () => {
      const value = observable.getSnapshot();
      if (!test(value)) return;
      clearTimeout(timer);
      stop();
      resolve(value);
    };
    const stop = observable.subscribe(check);
    const timer = setTimeout(() => {
      stop();
      reject(
        new Error(
          `It did not become so within ${LIMIT_MS} ms; the last value was ${JSON.stringify(observable.getSnapshot())}`,
        ),
      );
    }, LIMIT_MS);
    check();
  });
}
