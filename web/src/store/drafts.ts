/**
 * Unfinished shapes that outlive the page: written while one draws, offered again when the slide is opened the next time.
 *
 * Each page writes under its own name, so that two tabs do not overwrite each other; what a page that still lives is drawing is not offered.
 * `localStorage`, since what it has taken is safe at once, also from a crash of the tab.
 */
import type { Unfinished } from "../model/unfinished";

const PREFIX = "coslide.draft";
/** A stroke grows too fast to be written at every move. */
const EVERY_MS = 250;
/** What was finished is forgotten a little later: by then the finished shape is safe in the outbox. */
const FORGET_MS = 1_000;
const ANSWER_MS = 250;
const OLDEST_MS = 30 * 24 * 3_600_000;
const CHANNEL = "coslide.drafts";

export interface KeptDraft {
  readonly key: string;
  readonly work: Unfinished;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export class Drafts {
  private readonly prefix: string;
  private readonly key: string;
  private readonly channel = new BroadcastChannel(CHANNEL);
  private timer: ReturnType<typeof setTimeout> | undefined;
  private due = 0;
  private latest: () => Unfinished | null = () => null;

  /** `tableId` is another each time that a slide is opened. */
  constructor(userId: string, slideId: string, tableId: string) {
    this.prefix = `${PREFIX}.${userId}.${slideId}.`;
    this.key = this.prefix + tableId;
    this.channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data === `whose ${this.key}`) this.channel.postMessage(`mine ${this.key}`);
    };
  }

  /** Something was drawn, finished or given up; `work` tells what is unfinished when it is written. */
  changed(work: () => Unfinished | null, drawing: boolean): void {
    this.latest = work;
    const wait = drawing ? EVERY_MS : FORGET_MS;
    if (this.timer !== undefined && this.due <= Date.now() + wait) return;
    clearTimeout(this.timer);
    this.due = Date.now() + wait;
    this.timer = setTimeout(() => this.flush(), wait);
  }

  /** Writes at once, as when the page goes away. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const work = this.latest();
    try {
      if (work === null) localStorage.removeItem(this.key);
      else localStorage.setItem(this.key, JSON.stringify({ work, at: Date.now() }));
    } catch {
      // No room: the shape is still on the screen, and nothing else is lost.
    }
  }

  /** What earlier pages have left, the newest first; without what another tab is drawing at this moment. */
  async left(): Promise<readonly KeptDraft[]> {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(this.prefix));
    const alive = await this.alive(keys.filter((key) => key !== this.key));
    const drafts = keys.filter((key) => !alive.has(key)).flatMap((key) => read(key) ?? []);
    return drafts.sort((a, b) => b.at - a.at);
  }

  discard(key: string): void {
    localStorage.removeItem(key);
  }

  /** Keeps what is unfinished now, and writes no more. */
  close(): void {
    if (this.timer !== undefined) this.flush();
    this.channel.close();
  }

  private async alive(keys: readonly string[]): Promise<ReadonlySet<string>> {
    const alive = new Set<string>();
    if (keys.length === 0) return alive;
    const ears = new BroadcastChannel(CHANNEL);
    ears.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (typeof data === "string" && data.startsWith("mine ")) alive.add(data.slice("mine ".length));
    };
    for (const key of keys) ears.postMessage(`whose ${key}`);
    await new Promise((go) => setTimeout(go, ANSWER_MS));
    ears.close();
    return alive;
  }
}

function read(key: string): KeptDraft | null {
  const text = localStorage.getItem(key);
  if (text === null) return null;
  // Only ever written by `flush`.
  const { work, at } = JSON.parse(text) as Omit<KeptDraft, "key">;
  if (Date.now() - at <= OLDEST_MS) return { key, work, at };
  localStorage.removeItem(key);
  return null;
}
