/**
 * A slide's news, without a gap: the state at some seq, then every event after it, for as long as it takes.
 *
 * Joining, reconnecting and catching up are one path: subscribe "since N". An event that isn't N + 1 means news were missed; the feed
 * subscribes again since N, and if that does not close the gap, or the server no longer has the events, it fetches the whole state.
 */
import { GraphQLError } from "graphql";
import {
  type AnnotationFieldsFragment,
  LiveAnnotationsDocument,
  LiveLayersDocument,
  SlideEventsDocument,
  type SlideEventsSubscription,
} from "../gql/graphql";
import type { Layer } from "../model/annotation";
import { Value } from "../model/observable";
import type { Row } from "../store/rows";
import type { Connection } from "../viewer/facade";
import { Backoff } from "./backoff";
import { type GraphqlConnection, type LiveSocket, NetworkFailure, RequestRefused } from "./client";
import { layerOf, rowOf } from "./records";

export type SlideEvent = SlideEventsSubscription["slideEvents"];

export interface FeedState {
  readonly connection: Connection;
  readonly loading: boolean;
  readonly seq: number;
  readonly latencyMs: number | null;
}

export interface FeedHandlers {
  /** A part of the first state, as it comes in. */
  onRows(rows: readonly Row[], layers: readonly Layer[]): void;
  /** The whole state, when it had to be fetched anew. */
  onState(rows: readonly Row[], layers: readonly Layer[]): void;
  onEvent(event: SlideEvent): void;
  /** A new subscription stands: presence and predictions may have been missed meanwhile. */
  onSubscribed(): void;
  /** It's over: the slide is gone, or access or session has ended. */
  onEnded(code: string, message: string): void;
}

type Outcome =
  | { readonly kind: "again" }
  | { readonly kind: "wait" }
  | { readonly kind: "over"; readonly code: string; readonly message: string };

const SIGNED_OUT_CODES: ReadonlySet<number> = new Set([4401, 4403]);

export class SlideFeed {
  readonly state = new Value<FeedState>({ connection: "connecting", loading: true, seq: 0, latencyMs: null });
  private readonly closing = new AbortController();
  private readonly backoff: Backoff;
  private socket: LiveSocket | null = null;
  private stateNeeded = true;
  private firstState = true;
  /** The seq after which news were missing the last time; missing again, it is no accident of the line. */
  private gapAfter: number | null = null;

  constructor(
    private readonly connection: GraphqlConnection,
    private readonly slideId: string,
    private readonly handlers: FeedHandlers,
    firstRetryMs?: number,
  ) {
    this.backoff = new Backoff(firstRetryMs);
  }

  /** Runs until `close`, or until the server says that it is over. */
  async run(): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      const outcome = await this.once();
      if (signal.aborted) return;
      if (outcome.kind === "over") {
        this.change({ connection: "offline", loading: false });
        this.handlers.onEnded(outcome.code, outcome.message);
        return;
      }
      if (outcome.kind === "again") continue;
      this.change({ connection: "offline", latencyMs: null });
      await this.backoff.wait(signal).catch(() => undefined);
    }
  }

  /** The socket, while the line stands. */
  get live(): LiveSocket | null {
    return this.state.getSnapshot().connection === "live" ? this.socket : null;
  }

  close(): void {
    this.closing.abort(new Error("The slide was closed."));
    this.socket?.close();
  }

  private async once(): Promise<Outcome> {
    try {
      if (this.stateNeeded) await this.fetchState();
    } catch (error) {
      if (error instanceof NetworkFailure) return { kind: "wait" };
      if (error instanceof RequestRefused) return { kind: "over", code: error.code, message: error.message };
      throw error;
    }
    return this.follow();
  }

  /** Subscribes since the present seq and applies events until something ends it. */
  private follow(): Promise<Outcome> {
    return new Promise((resolve) => {
      let over = false;
      const socket = this.connection.openSocket({
        onConnected: () => {
          this.change({ connection: "live" });
          this.handlers.onSubscribed();
        },
        onLatency: (latencyMs) => {
          this.backoff.reset();
          this.change({ latencyMs });
        },
      });
      this.socket = socket;
      const end = (outcome: Outcome) => {
        if (over) return;
        over = true;
        this.socket = null;
        socket.close();
        resolve(outcome);
      };
      socket.subscribe(
        SlideEventsDocument,
        { slideId: this.slideId, sinceSeq: this.state.getSnapshot().seq },
        {
          next: ({ slideEvents: event }) => {
            if (over) return;
            this.backoff.reset();
            const seq = seqOf(event);
            const known = this.state.getSnapshot().seq;
            if (event.__typename === "ResyncRequired" || (seq !== null && seq > known + 1)) {
              this.stateNeeded = event.__typename === "ResyncRequired" || this.gapAfter === known;
              this.gapAfter = known;
              end({ kind: "again" });
              return;
            }
            if (seq !== null) {
              if (seq <= known) return;
              this.change({ seq });
            }
            this.handlers.onEvent(event);
          },
          ended: (cause) => end(outcomeOf(cause)),
        },
      );
    });
  }

  private async fetchState(): Promise<void> {
    const layers = (await this.connection.execute(LiveLayersDocument, { slideId: this.slideId })).layers.map(layerOf);
    const all: Row[] = [];
    let seq: number | null = null;
    let after: string | null = null;
    do {
      const { annotations }: { annotations: AnnotationPage } = await this.connection.execute(LiveAnnotationsDocument, {
        slideId: this.slideId,
        after,
      });
      // Later pages may show later states; events since the first page bring the rest to the same.
      seq ??= annotations.seq;
      const rows = annotations.nodes.map(rowOf);
      all.push(...rows);
      if (this.firstState) this.handlers.onRows(rows, layers);
      after = annotations.pageInfo.hasNextPage ? (annotations.pageInfo.endCursor ?? null) : null;
    } while (after !== null);
    if (!this.firstState) this.handlers.onState(all, layers);
    this.firstState = false;
    this.stateNeeded = false;
    this.change({ seq, loading: false });
  }

  private change(change: Partial<FeedState>): void {
    this.state.update((state) => ({ ...state, ...change }));
  }
}

interface AnnotationPage {
  readonly seq: number;
  readonly nodes: readonly AnnotationFieldsFragment[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

function seqOf(event: SlideEvent): number | null {
  switch (event.__typename) {
    case "AnnotationsChanged":
      return event.seq;
    case "CommentsChanged":
      return event.commentsSeq;
    case "SlideChanged":
      return event.slideSeq;
    default:
      return null;
  }
}

function outcomeOf(cause: unknown): Outcome {
  if (Array.isArray(cause) || cause instanceof GraphQLError) {
    const error = (Array.isArray(cause) ? cause[0] : cause) as GraphQLError | undefined;
    return {
      kind: "over",
      code: String(error?.extensions?.code ?? "SUBSCRIPTION_REFUSED"),
      message: error?.message ?? "The server ended the live connection.",
    };
  }
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : null;
  if (typeof code === "number" && SIGNED_OUT_CODES.has(code)) {
    return { kind: "over", code: "NOT_SIGNED_IN", message: "Your session has ended. Sign in again to go on." };
  }
  return { kind: "wait" };
}
