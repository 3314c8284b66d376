/** Makes two viewers move together. Whoever is moved leads; the other one's own constraints never lead back. */
import { followed, type Link, linkOf, reversed } from "../model/linkedViews";
import { Value } from "../model/observable";
import type { SlideFacts } from "../model/slide";
import type { SlideViewer } from "./slideViewer";

interface Side {
  readonly viewer: SlideViewer;
  readonly slide: SlideFacts;
}

export class ViewLink {
  readonly linked: Value<boolean>;
  private link: Link | null = null;
  private following = false;
  private readonly stops: readonly (() => void)[];

  constructor(
    private readonly main: Side,
    private readonly beside: Side,
    linked: boolean,
  ) {
    this.linked = new Value(linked);
    if (linked) this.link = this.here();
    this.stops = [
      main.viewer.onViewChanged(() => this.follow(main.viewer, beside.viewer, this.link)),
      beside.viewer.onViewChanged(() => this.follow(beside.viewer, main.viewer, this.link && reversed(this.link))),
    ];
  }

  /** Links the two places that are looked at now; the second view takes over the first one's scale. */
  setLinked(linked: boolean): void {
    this.link = linked ? this.here() : null;
    this.linked.set(linked);
    this.follow(this.main.viewer, this.beside.viewer, this.link);
  }

  close(): void {
    for (const stop of this.stops) stop();
  }

  private here(): Link {
    const [main, beside] = [this.main.viewer.camera.standpoint(), this.beside.viewer.camera.standpoint()];
    return linkOf(main, beside, this.main.slide, this.beside.slide);
  }

  private follow(leader: SlideViewer, follower: SlideViewer, link: Link | null): void {
    if (link === null || this.following) return;
    this.following = true;
    follower.camera.standAt(followed(link, leader.camera.standpoint()));
    this.following = false;
  }
}
