/** A value that changes over time, in the shape React's `useSyncExternalStore` takes; nothing here knows React. */
export interface Observable<T> {
  /** The present value; the same reference until it changes. */
  getSnapshot(): T;
  /** Calls `listener` after every change; returns the way to stop. */
  subscribe(listener: () => void): () => void;
}

/** An observable that its owner can set. Methods are bound, so they may be passed around freely. */
export class Value<T> implements Observable<T> {
  private readonly listeners = new Set<() => void>();
  private current: T;

  constructor(initial: T) {
    this.current = initial;
  }

  readonly getSnapshot = (): T => this.current;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };

  /** Replaces the value; listeners are told only when it is another one. */
  set(next: T): void {
    if (Object.is(next, this.current)) return;
    this.current = next;
    for (const listener of [...this.listeners]) listener();
  }

  /** Replaces the value by a function of itself. */
  update(change: (current: T) => T): void {
    this.set(change(this.current));
  }
}
