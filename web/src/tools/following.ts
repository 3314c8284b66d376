/**
 * Going along with another client's viewport, until the reader moves by their own hand or the other leaves.
 *
 * Who presents is followed without being asked, once: a reader who moved away, or is drawing, is not fetched back.
 */
import { Value } from "../model/observable";
import type { SlideSession } from "../viewer/facade";
import type { SlideViewer } from "../viewer/slideViewer";

export class Following {
  /** Whom; `null` for nobody. */
  readonly clientId = new Value<string | null>(null);
  /** The client whose presentation was answered, by going along or not. */
  private answered: string | null = null;
  private readonly stops: readonly (() => void)[];

  constructor(
    private readonly camera: Pick<SlideViewer["camera"], "showBounds" | "ownMoves">,
    private readonly session: Pick<SlideSession, "people" | "presenting">,
    /** Whether the reader is in the middle of something that must not move under their hand. */
    private readonly isBusy: () => boolean,
  ) {
    this.stops = [
      session.people.subscribe(() => this.peopleChanged()),
      session.presenting.subscribe(() => session.presenting.getSnapshot() && this.clientId.set(null)),
      camera.ownMoves.subscribe(() => this.clientId.set(null)),
    ];
    this.peopleChanged();
  }

  follow(clientId: string | null): void {
    this.clientId.set(clientId);
    this.goAlong();
  }

  close(): void {
    for (const stop of this.stops) stop();
  }

  private peopleChanged(): void {
    const people = this.session.people.getSnapshot();
    const presenter = people.find(({ presenting }) => presenting)?.clientId ?? null;
    if (presenter !== null && presenter !== this.answered) {
      this.answered = presenter;
      if (!this.isBusy()) this.clientId.set(presenter);
    } else if (presenter === null && people.some(({ clientId }) => clientId === this.answered)) {
      if (this.clientId.getSnapshot() === this.answered) this.clientId.set(null);
      this.answered = null;
    }
    this.goAlong();
  }

  private goAlong(): void {
    const followed = this.clientId.getSnapshot();
    if (followed === null) return;
    const person = this.session.people.getSnapshot().find(({ clientId }) => clientId === followed);
    if (person === undefined) this.clientId.set(null);
    else if (person.viewport !== null) this.camera.showBounds(person.viewport);
  }
}
