/** One slide, live: joins the store with the feed, one's own edits, conflicts, presence and predictions. Decides nothing that the server decides. */
import { UpdatePresenceDocument } from "../gql/graphql";
import type { AnnotationOp, PersonRef } from "../model/annotation";
import { newId } from "../model/ids";
import { Value } from "../model/observable";
import type { Outlines } from "../model/outlines";
import type { Glimpse } from "../model/prediction";
import type { PresenceUpdate } from "../model/presence";
import { AnnotationStore } from "../store/annotationStore";
import type { ChangeListener } from "../store/changes";
import type { SessionStatus, SlideSession } from "../viewer/facade";
import type { GraphqlConnection } from "./client";
import { type ConflictStorage, defaultConflictStorage } from "./conflictStorage";
import { Conflicts } from "./conflicts";
import { Edits } from "./edits";
import { type SlideEvent, SlideFeed } from "./feed";
import { fetchGlimpse } from "./glimpse";
import { type HeatmapListener, LivePredictions } from "./livePredictions";
import { Notices } from "./notices";
import type { OutboxStorage } from "./outbox";
import { defaultOutboxStorage } from "./outboxStorage";
import { loadOutlines } from "./outlines";
import { Presence } from "./presence";
import { predictionOf, rowOf } from "./records";

/** From so many mutations on, how far sending them has come is worth telling. */
const MANY_WAITING = 4;

export interface SessionOptions {
  readonly slideId: string;
  readonly me: PersonRef;
  readonly storage?: OutboxStorage;
  readonly conflictStorage?: ConflictStorage;
  /** For tests: the first wait before trying again. */
  readonly firstRetryMs?: number;
}

export class LiveSession implements SlideSession {
  readonly slideId: string;
  readonly clientId = newId();
  readonly store: AnnotationStore;
  readonly annotations: AnnotationStore["snapshot"];
  readonly status: Value<SessionStatus>;
  readonly people: Presence["people"];
  readonly presenting: Presence["presenting"];
  readonly conflicts: Conflicts["list"];
  readonly predictions: LivePredictions["list"];
  readonly notices: Notices["list"];
  readonly undoState: Edits["undoState"];
  readonly ended = new Value(false);
  readonly slideRevision = new Value(0);
  readonly commentsRevision = new Value(0);

  /** Since everything was sent the last time. */
  private mostWaiting = 0;
  private readonly noticeList = new Notices();
  private readonly conflictList: Conflicts;
  private readonly livePredictions: LivePredictions;
  private readonly edits: Edits;
  private readonly feed: SlideFeed;
  private readonly presence: Presence;

  constructor(
    private readonly connection: GraphqlConnection,
    {
      slideId,
      me,
      storage = defaultOutboxStorage(),
      conflictStorage = defaultConflictStorage(),
      firstRetryMs,
    }: SessionOptions,
  ) {
    this.slideId = slideId;
    this.store = new AnnotationStore(slideId, me);
    this.annotations = this.store.snapshot;
    this.notices = this.noticeList.list;
    this.conflictList = new Conflicts({ slideId, userId: me.id }, conflictStorage);
    this.conflicts = this.conflictList.list;
    this.livePredictions = new LivePredictions(connection, slideId, this.noticeList);
    this.predictions = this.livePredictions.list;
    this.edits = new Edits({
      connection,
      author: { slideId, clientId: this.clientId, userId: me.id },
      store: this.store,
      conflicts: this.conflictList,
      notices: this.noticeList,
      storage,
      firstRetryMs,
    });
    this.undoState = this.edits.undoState;
    this.feed = this.openFeed(firstRetryMs);
    this.presence = new Presence(slideId, this.clientId, (input) => {
      this.feed.live?.tell(UpdatePresenceDocument, { input });
      return this.feed.live !== null;
    });
    this.people = this.presence.people;
    this.presenting = this.presence.presenting;
    this.status = new Value(this.currentStatus());
    this.feed.state.subscribe(() => this.status.set(this.currentStatus()));
    this.edits.outboxState.subscribe(() => this.status.set(this.currentStatus()));
    void this.start();
  }

  apply(ops: readonly AnnotationOp[]): void {
    this.edits.apply(ops);
  }

  undo(): void {
    this.edits.undo();
  }

  redo(): void {
    this.edits.redo();
  }

  keepMine(annotationId: string): void {
    this.edits.apply(this.conflictList.keepMine(annotationId));
  }

  takeTheirs(annotationId: string): void {
    this.conflictList.takeTheirs(annotationId);
  }

  merge(annotationId: string): void {
    this.edits.apply(this.conflictList.merge(annotationId));
  }

  setPresence(update: PresenceUpdate): void {
    this.presence.update(update);
  }

  present(presenting: boolean): void {
    this.presence.present(presenting);
  }

  onAnnotationsChanged(listener: ChangeListener): () => void {
    return this.store.observe(listener);
  }

  onHeatmapTiles(listener: HeatmapListener): () => void {
    return this.livePredictions.onHeatmapTiles(listener);
  }

  loadOutlines(layerId: string, signal: AbortSignal): Promise<Outlines> {
    return loadOutlines(`${this.connection.origin}/slides/${this.slideId}/annotations.bin?layer=${layerId}`, signal);
  }

  glimpse(
    region: readonly [number, number, number, number],
    model: string | null,
    signal: AbortSignal,
  ): Promise<Glimpse> {
    return fetchGlimpse({ origin: this.connection.origin, slideId: this.slideId, model }, region, signal);
  }

  dismissNotice(id: string): void {
    this.noticeList.dismiss(id);
  }

  close(): void {
    this.presence.close();
    this.feed.close();
    this.edits.close();
  }

  private async start(): Promise<void> {
    await Promise.all([this.edits.restore(), this.conflictList.restore()]);
    await this.feed.run();
  }

  private openFeed(firstRetryMs: number | undefined): SlideFeed {
    return new SlideFeed(
      this.connection,
      this.slideId,
      {
        onRows: (rows, layers) => {
          this.store.receive(rows, layers, "SILENT");
          this.conflictList.theirsBecame(rows);
        },
        onState: (rows, layers) => {
          this.store.replaceAll(rows, layers);
          this.conflictList.theirsBecame(rows);
          // News of comments may be among what was missed.
          this.commentsRevision.update((revision) => revision + 1);
        },
        onEvent: (event) => this.take(event),
        onSubscribed: () => this.caughtUp(),
        onEnded: (code, message) => {
          this.noticeList.add("error", code, message);
          this.ended.set(true);
        },
      },
      firstRetryMs,
    );
  }

  private take(event: SlideEvent): void {
    switch (event.__typename) {
      case "AnnotationsChanged": {
        const rows = event.annotations.map(rowOf);
        this.edits.echoed(event.mutationId, rows);
        this.store.receive(rows, event.layers, event.clientId === this.clientId ? "LOCAL" : "REMOTE");
        this.conflictList.theirsBecame(rows);
        break;
      }
      case "PredictionProgressed":
        this.livePredictions.progressed(predictionOf(event.prediction), event.heatmapTiles);
        break;
      case "PresenceChanged":
        this.presence.changed(event.people, event.left);
        break;
      case "CommentsChanged":
        this.commentsRevision.update((revision) => revision + 1);
        break;
      case "SlideChanged":
        if (event.deleted) {
          this.noticeList.add("warning", "SLIDE_DELETED", "This slide was moved to the bin. It can be restored there.");
          this.ended.set(true);
        } else {
          this.slideRevision.update((revision) => revision + 1);
        }
        break;
      default:
        break;
    }
  }

  private caughtUp(): void {
    this.presence.joinAnew();
    this.edits.resume();
    void this.livePredictions.fetch();
  }

  private currentStatus(): SessionStatus {
    const { connection, loading, seq, latencyMs } = this.feed.state.getSnapshot();
    const { waiting, stuck, durable } = this.edits.outboxState.getSnapshot();
    const saving = waiting === 0 ? "saved" : stuck || connection === "offline" ? "offline" : "saving";
    this.mostWaiting = waiting === 0 ? 0 : Math.max(this.mostWaiting, waiting);
    const progress = this.mostWaiting < MANY_WAITING ? null : 1 - waiting / this.mostWaiting;
    return { connection, saving, unsaved: waiting, progress, durable, latencyMs, seq, loading };
  }
}

/** Opens a slide for live work. */
export function openSlideSession(connection: GraphqlConnection, options: SessionOptions): LiveSession {
  return new LiveSession(connection, options);
}
