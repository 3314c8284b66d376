/** Who else is here, and telling them about oneself: never stored, at most 20 times a second. */
import type { UpdatePresenceInput } from "../gql/graphql";
import { Value } from "../model/observable";
import type { PresenceUpdate, PresentPerson } from "../model/presence";
import { flat, type PresentRecord, presentOf, rectangleOf } from "./records";

const SEND_EVERY_MS = 50;
/** With nobody to see it, once a second is enough. */
const SEND_EVERY_ALONE_MS = 1_000;
/** The server forgets who is silent for 30 s. */
const REPEAT_EVERY_MS = 10_000;
const LONGEST_STROKE = 400;

export class People {
  readonly list = new Value<readonly PresentPerson[]>([]);

  constructor(private readonly ownClientId: string) {}

  change(people: readonly PresentRecord[], left: readonly string[]): void {
    const byClient = new Map(this.list.getSnapshot().map((person) => [person.clientId, person]));
    for (const clientId of left) byClient.delete(clientId);
    for (const record of people) {
      if (record.clientId !== this.ownClientId) byClient.set(record.clientId, presentOf(record));
    }
    this.list.set([...byClient.values()]);
  }

  /** The line is down, or has just come back: the server will say who is here. */
  clear(): void {
    if (this.list.getSnapshot().length > 0) this.list.set([]);
  }
}

export class PresenceSender {
  private state: PresenceUpdate = {};
  private timer: ReturnType<typeof setTimeout> | null = null;
  private lastSent = Number.NEGATIVE_INFINITY;
  private readonly repeat: ReturnType<typeof setInterval>;

  constructor(
    private readonly slideId: string,
    private readonly clientId: string,
    /** Answers whether it could be sent. */
    private readonly send: (input: UpdatePresenceInput) => boolean,
    private readonly isAlone: () => boolean,
  ) {
    this.repeat = setInterval(() => this.flush(), REPEAT_EVERY_MS);
  }

  update(change: PresenceUpdate): void {
    this.state = { ...this.state, ...change };
    this.schedule();
  }

  /** Sends the whole of it now, as after the line came back or someone joined. */
  flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.lastSent = performance.now();
    this.send(this.input());
  }

  close(): void {
    clearInterval(this.repeat);
    if (this.timer !== null) clearTimeout(this.timer);
    this.send({ slideId: this.slideId, clientId: this.clientId, left: true });
  }

  private schedule(): void {
    if (this.timer !== null) return;
    const pause = this.isAlone() ? SEND_EVERY_ALONE_MS : SEND_EVERY_MS;
    const wait = Math.max(0, this.lastSent + pause - performance.now());
    this.timer = setTimeout(() => this.flush(), wait);
  }

  private input(): UpdatePresenceInput {
    const { cursor, viewport, selection, tool, stroke, presenting } = this.state;
    return {
      slideId: this.slideId,
      clientId: this.clientId,
      cursor: cursor ?? null,
      viewport: viewport == null ? null : rectangleOf(viewport),
      selection: selection ?? [],
      tool: tool ?? null,
      stroke: stroke == null ? null : flat(thinned(stroke)),
      presenting: presenting ?? false,
    };
  }
}

/** Presence on one slide, both ways: the others, and oneself to them. */
export class Presence {
  readonly people: People["list"];
  /** Whether this client asks everyone to follow it. */
  readonly presenting = new Value(false);
  private readonly others: People;
  private readonly own: PresenceSender;

  constructor(slideId: string, clientId: string, send: (input: UpdatePresenceInput) => boolean) {
    this.others = new People(clientId);
    this.people = this.others.list;
    this.own = new PresenceSender(slideId, clientId, send, () => this.isAlone());
    let alone = true;
    this.people.subscribe(() => {
      const nowAlone = this.isAlone();
      if (alone && !nowAlone) this.own.flush();
      alone = nowAlone;
    });
  }

  update(change: PresenceUpdate): void {
    this.own.update(change);
  }

  /** Asks everyone to follow, or no more. One presents at a time: while somebody else does, it is nothing. */
  present(presenting: boolean): void {
    const allowed = presenting && !this.people.getSnapshot().some((person) => person.presenting);
    if (allowed === this.presenting.getSnapshot()) return;
    this.presenting.set(allowed);
    this.own.update({ presenting: allowed });
  }

  changed(people: readonly PresentRecord[], left: readonly string[]): void {
    this.others.change(people, left);
    // Both pressed at the same time, and the server gave it to the other.
    if (this.people.getSnapshot().some((person) => person.presenting)) this.present(false);
  }

  /** The line has just come back: the server says anew who is here, and is told of oneself. */
  joinAnew(): void {
    this.others.clear();
    this.own.flush();
  }

  close(): void {
    this.own.close();
  }

  private isAlone(): boolean {
    return this.people.getSnapshot().length === 0;
  }
}

/** Every n-th point, so that a long stroke stays a short message; the last point always stays. */
function thinned<T>(points: readonly T[]): readonly T[] {
  const step = Math.ceil(points.length / LONGEST_STROKE);
  return step <= 1 ? points : points.filter((_, index) => index % step === 0 || index === points.length - 1);
}
