/** Waiting between attempts: 0.3 s, doubled up to 10 s, each with up to a third of chance so that clients don't come back in step. */

const FIRST_MS = 300;
const LONGEST_MS = 10_000;

export class Backoff {
  private attempt = 0;

  constructor(private readonly firstMs = FIRST_MS) {}

  reset(): void {
    this.attempt = 0;
  }

  /** Resolves when it is time for the next attempt: after the wait, or at once when the browser is back online; rejects on abort. */
  wait(signal: AbortSignal): Promise<void> {
    const milliseconds = Math.min(LONGEST_MS, this.firstMs * 2 ** this.attempt) * (1 + Math.random() / 3);
    this.attempt++;
    return new Promise((resolve, reject) => {
      const done = (finish: () => void) => {
        clearTimeout(timer);
        globalThis.removeEventListener?.("online", online);
        signal.removeEventListener("abort", abort);
        finish();
      };
      const online = () => done(resolve);
      const abort = () => done(() => reject(signal.reason as Error));
      const timer = setTimeout(online, milliseconds);
      if (signal.aborted) abort();
      globalThis.addEventListener?.("online", online);
      signal.addEventListener("abort", abort);
    });
  }
}
