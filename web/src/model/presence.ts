import type { Bounds, PersonRef, Position } from "./annotation";

/** Someone else who is in the slide now (one browser tab). */
export interface PresentPerson {
  readonly clientId: string;
  readonly person: PersonRef;
  readonly cursor: Position | null;
  /** What they see, in level-0 pixels. */
  readonly viewport: Bounds | null;
  readonly selection: readonly string[];
  readonly tool: string | null;
  /** The line being drawn, not yet an annotation. */
  readonly stroke: readonly Position[] | null;
  /** Whether they ask everyone to follow them. */
  readonly presenting: boolean;
}

/** What a client tells the others about itself; fields left out stay as they were. */
export interface PresenceUpdate {
  readonly cursor?: Position | null;
  readonly viewport?: Bounds | null;
  readonly selection?: readonly string[];
  readonly tool?: string | null;
  readonly stroke?: readonly Position[] | null;
  readonly presenting?: boolean;
}
