/** Going along with another client's viewport, until the reader moves by their own hand or the other leaves. */
import { Value } from "../model/observable";
import type { SlideSession } from "../viewer/facade";
import type { SlideViewer } from "../viewer/slideViewer";

export class Following {
  /** Whom; `null` for nobody. */
  readonly clientId = new Value<string | null>(null);
  private readonly stops: readonly (() => void)[];

  constructor(
    private readonly camera: Pick<SlideViewer["camera"], "showBounds" | "ownMoves">,
    private readonly session: Pick<SlideSession, "people">,
  ) {
    this.stops = [
      session.people.subscribe(() => this.goAlong()),
      camera.ownMoves.subscribe(() => this.clientId.set(null)),
    ];
  }

  follow(clientId: string | null): void {
    this.clientId.set(clientId);
    this.goAlong();
  }

  close(): void {
    for (const stop of this.stops) stop();
  }

  private goAlong(): void {
    const followed = this.clientId.getSnapshot();
    if (followed === null) return;
    const person = this.session.people.getSnapshot().find(({ clientId }) => clientId === followed);
    if (person === undefined) this.clientId.set(null);
    else if (person.viewport !== null) this.camera.showBounds(person.viewport);
  }
}
