/**
 * The user's edits on their way to the server: one at a time, in order, each kept until the server has answered.
 *
 * A mutation that met a broken line is sent again under the same id, which the server does only once. What is still waiting survives a crash
 * of the tab (`OutboxStorage`).
 */
import type { AnnotationOp } from "../model/annotation";
import { Value } from "../model/observable";
import { Backoff } from "./backoff";
import type { BrowserStore } from "./browserStore";
import { NetworkFailure } from "./client";

export interface OutboxEntry {
  readonly mutationId: string;
  readonly slideId: string;
  readonly clientId: string;
  readonly userId: string;
  readonly kind: "apply" | "undo" | "redo";
  /** What is sent for "apply"; what was shown in advance for the others. */
  readonly ops: readonly AnnotationOp[];
  /** For putting them in order after a crash. */
  readonly position: number;
}

export type OutboxStorage = BrowserStore<OutboxEntry>;

export interface OutboxState {
  readonly waiting: number;
  /** The last attempt met a broken line. */
  readonly stuck: boolean;
  /** Waiting edits would survive a crash of this tab. */
  readonly durable: boolean;
}

export class Outbox {
  readonly state = new Value<OutboxState>({ waiting: 0, stuck: false, durable: true });
  private readonly queue: OutboxEntry[] = [];
  private readonly closing = new AbortController();
  private readonly backoff: Backoff;
  private running = false;
  private position = 0;

  constructor(
    private readonly storage: OutboxStorage,
    /** Sends one entry and deals with the answer. Throws `NetworkFailure` to be called again with the same entry. */
    private readonly send: (entry: OutboxEntry) => Promise<void>,
    firstRetryMs?: number,
  ) {
    this.backoff = new Backoff(firstRetryMs);
  }

  /** What an earlier life of this page has left; call before the first `add`. */
  async restore(slideId: string, userId: string): Promise<readonly OutboxEntry[]> {
    const entries = [...(await this.storage.load(slideId, userId))].sort((a, b) => a.position - b.position);
    this.queue.unshift(...entries);
    this.position = Math.max(this.position, ...entries.map((entry) => entry.position + 1));
    this.publish(false);
    return entries;
  }

  add(entry: Omit<OutboxEntry, "position">): void {
    const placed: OutboxEntry = { ...entry, position: this.position++ };
    this.queue.push(placed);
    this.keep(this.storage.save(placed));
    this.publish(this.state.getSnapshot().stuck);
    this.start();
  }

  /** Begins sending, or goes on with it. */
  start(): void {
    if (this.running || this.closing.signal.aborted) return;
    void this.run();
  }

  /** Takes an entry out that turned out to be done already: its event arrived before the answer. */
  settle(mutationId: string): void {
    const index = this.queue.findIndex((entry) => entry.mutationId === mutationId);
    // The first is under way and settles itself by its answer, except while the line is down.
    if (index > 0 || (index === 0 && this.state.getSnapshot().stuck)) this.removeAt(index);
  }

  /** Changes or drops waiting entries, as when one of their annotations has come into conflict. `null` drops. */
  revise(change: (entry: OutboxEntry) => OutboxEntry | null): void {
    for (const entry of [...this.queue]) {
      const revised = change(entry);
      if (revised === entry) continue;
      const index = this.queue.indexOf(entry);
      if (revised === null) {
        this.removeAt(index);
      } else {
        this.queue[index] = revised;
        this.keep(this.storage.remove(entry.mutationId).then(() => this.storage.save(revised)));
      }
    }
  }

  close(): void {
    this.closing.abort(new Error("The slide was closed."));
  }

  private async run(): Promise<void> {
    this.running = true;
    try {
      for (let entry = this.queue[0]; entry !== undefined && !this.closing.signal.aborted; entry = this.queue[0]) {
        if (!(await this.attempt(entry))) return; // closed while waiting; the storage keeps the rest
      }
      this.publish(false);
    } finally {
      // Within the same turn as the last look at the queue: an edit that comes next must find that nobody is running.
      this.running = false;
    }
  }

  /** One attempt at an entry and, when the line is broken, the wait before the next. Answers whether to go on. */
  private async attempt(entry: OutboxEntry): Promise<boolean> {
    try {
      await this.send(entry);
    } catch (error) {
      if (!(error instanceof NetworkFailure)) throw error;
      this.publish(true);
      return this.backoff.wait(this.closing.signal).then(
        () => true,
        () => false,
      );
    }
    this.backoff.reset();
    const index = this.queue.indexOf(entry);
    if (index >= 0) this.removeAt(index);
    else this.publish(false);
    return true;
  }

  private removeAt(index: number): void {
    const [entry] = this.queue.splice(index, 1);
    if (entry !== undefined) this.keep(this.storage.remove(entry.mutationId));
    this.publish(this.state.getSnapshot().stuck && this.queue.length > 0);
  }

  /** A storage that fails costs durability, not the edit. */
  private keep(written: Promise<void>): void {
    written.catch(() => this.state.update((state) => (state.durable ? { ...state, durable: false } : state)));
  }

  private publish(stuck: boolean): void {
    const state = this.state.getSnapshot();
    if (state.waiting === this.queue.length && state.stuck === stuck) return;
    this.state.set({ ...state, waiting: this.queue.length, stuck });
  }
}
