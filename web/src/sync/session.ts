/** One slide, live: joins the store with the feed, the outbox, conflicts, presence and predictions. Decides nothing that the server decides. */
import {
  ApplyAnnotationOpsDocument,
  LivePredictionsDocument,
  RedoDocument,
  UndoDocument,
  UpdatePresenceDocument,
} from "../gql/graphql";
import type { AnnotationOp, PersonRef } from "../model/annotation";
import { newId } from "../model/ids";
import { Value } from "../model/observable";
import type { HeatmapTile, Prediction } from "../model/prediction";
import type { PresenceUpdate } from "../model/presence";
import type { PackedObjects } from "../model/wire";
import { AnnotationStore } from "../store/annotationStore";
import type { ChangeListener } from "../store/changes";
import type { Row } from "../store/rows";
import { UndoStack } from "../store/undoStack";
import type { SessionNotice, SessionStatus, SlideSession } from "../viewer/facade";
import { type GraphqlConnection, NetworkFailure, RequestRefused } from "./client";
import { Conflicts } from "./conflicts";
import { type SlideEvent, SlideFeed } from "./feed";
import { Outbox, type OutboxEntry, type OutboxStorage } from "./outbox";
import { defaultOutboxStorage } from "./outboxStorage";
import { People, PresenceSender } from "./presence";
import { opInputOf, predictionOf, rowOf } from "./records";
import { fetchPackedLayer } from "./tiles";

export interface SessionOptions {
  readonly slideId: string;
  readonly me: PersonRef;
  readonly storage?: OutboxStorage;
  /** For tests: the first wait before trying again. */
  readonly firstRetryMs?: number;
}

type HeatmapListener = (prediction: Prediction, tiles: readonly HeatmapTile[] | null) => void;

const LONGEST_NOTICES = 5;

export class LiveSession implements SlideSession {
  readonly slideId: string;
  readonly clientId = newId();
  readonly store: AnnotationStore;
  readonly annotations: AnnotationStore["snapshot"];
  readonly status: Value<SessionStatus>;
  readonly people: People["list"];
  readonly conflicts: Conflicts["list"];
  readonly predictions = new Value<readonly Prediction[]>([]);
  readonly notices = new Value<readonly SessionNotice[]>([]);
  readonly undoState: UndoStack["state"];
  readonly ended = new Value(false);
  readonly slideRevision = new Value(0);
  readonly commentsRevision = new Value(0);

  private readonly undoStack = new UndoStack();
  private readonly conflictList = new Conflicts();
  private readonly peopleList: People;
  private readonly feed: SlideFeed;
  private readonly outbox: Outbox;
  private readonly presence: PresenceSender;
  private readonly me: PersonRef;
  private readonly heatmapListeners = new Set<HeatmapListener>();

  constructor(
    private readonly connection: GraphqlConnection,
    { slideId, me, storage = defaultOutboxStorage(), firstRetryMs }: SessionOptions,
  ) {
    this.slideId = slideId;
    this.me = me;
    this.store = new AnnotationStore(slideId, me);
    this.annotations = this.store.snapshot;
    this.undoState = this.undoStack.state;
    this.conflicts = this.conflictList.list;
    this.peopleList = new People(this.clientId);
    this.people = this.peopleList.list;
    this.outbox = new Outbox(storage, (entry) => this.send(entry), firstRetryMs);
    this.feed = new SlideFeed(
      connection,
      slideId,
      {
        onRows: (rows, layers) => this.store.receive(rows, layers, "SILENT"),
        onState: (rows, layers) => {
          this.store.replaceAll(rows, layers);
          this.conflictList.theirsBecame(rows);
        },
        onEvent: (event) => this.take(event),
        onSubscribed: () => this.caughtUp(),
        onEnded: (code, message) => {
          this.notify("error", code, message);
          this.ended.set(true);
        },
      },
      firstRetryMs,
    );
    this.presence = new PresenceSender(
      slideId,
      this.clientId,
      (input) => {
        this.feed.live?.tell(UpdatePresenceDocument, { input });
        return this.feed.live !== null;
      },
      () => this.people.getSnapshot().length === 0,
    );
    this.status = new Value(this.currentStatus());
    this.feed.state.subscribe(() => this.status.set(this.currentStatus()));
    this.outbox.state.subscribe(() => this.status.set(this.currentStatus()));
    let alone = true;
    this.people.subscribe(() => {
      const nowAlone = this.people.getSnapshot().length === 0;
      if (alone && !nowAlone) this.presence.flush();
      alone = nowAlone;
    });
    void this.start();
  }

  apply(ops: readonly AnnotationOp[]): void {
    if (ops.length === 0) return;
    const versioned = ops.map((op) => this.withVersion(op));
    const mutationId = newId();
    this.undoStack.did(mutationId, this.store.begin(mutationId, versioned));
    this.post("apply", mutationId, versioned);
  }

  undo(): void {
    if (!this.undoState.getSnapshot().canUndo) return;
    this.undoStack.undo((ops) => this.reverse("undo", ops));
  }

  redo(): void {
    if (!this.undoState.getSnapshot().canRedo) return;
    this.undoStack.redo((ops) => this.reverse("redo", ops));
  }

  keepMine(annotationId: string): void {
    this.apply(this.conflictList.keepMine(annotationId));
  }

  takeTheirs(annotationId: string): void {
    this.conflictList.takeTheirs(annotationId);
  }

  merge(annotationId: string): void {
    this.apply(this.conflictList.merge(annotationId));
  }

  setPresence(update: PresenceUpdate): void {
    this.presence.update(update);
  }

  onAnnotationsChanged(listener: ChangeListener): () => void {
    return this.store.observe(listener);
  }

  onHeatmapTiles(listener: HeatmapListener): () => void {
    this.heatmapListeners.add(listener);
    return () => {
      this.heatmapListeners.delete(listener);
    };
  }

  loadPackedLayer(layerId: string, signal: AbortSignal): Promise<PackedObjects> {
    return fetchPackedLayer(this.connection.origin, this.slideId, layerId, signal);
  }

  dismissNotice(id: string): void {
    this.notices.update((notices) => notices.filter((notice) => notice.id !== id));
  }

  close(): void {
    this.presence.close();
    this.feed.close();
    this.outbox.close();
  }

  private async start(): Promise<void> {
    const restored = await this.outbox.restore(this.slideId, this.me.id).catch(() => []);
    for (const entry of restored) this.store.begin(entry.mutationId, entry.ops);
    this.outbox.start();
    await this.feed.run();
  }

  // ---- news ----

  private take(event: SlideEvent): void {
    switch (event.__typename) {
      case "AnnotationsChanged": {
        const rows = event.annotations.map(rowOf);
        if (this.store.isPending(event.mutationId)) {
          this.store.acknowledge(event.mutationId, rows);
          this.outbox.settle(event.mutationId);
        }
        this.store.receive(rows, event.layers, event.clientId === this.clientId ? "LOCAL" : "REMOTE");
        this.conflictList.theirsBecame(rows);
        break;
      }
      case "PredictionProgressed":
        this.progressed(predictionOf(event.prediction), event.heatmapTiles);
        break;
      case "PresenceChanged":
        this.peopleList.change(event.people, event.left);
        break;
      case "CommentsChanged":
        this.commentsRevision.update((revision) => revision + 1);
        break;
      case "SlideChanged":
        if (event.deleted) {
          this.notify("warning", "SLIDE_DELETED", "This slide was moved to the bin. It can be restored there.");
          this.ended.set(true);
        } else {
          this.slideRevision.update((revision) => revision + 1);
        }
        break;
      default:
        break;
    }
  }

  private progressed(prediction: Prediction, tiles: readonly HeatmapTile[] | null): void {
    this.predictions.update((known) => {
      const others = known.filter((candidate) => candidate.id !== prediction.id);
      const isNew = others.length === known.length;
      return isNew
        ? [prediction, ...known]
        : known.map((candidate) => (candidate.id === prediction.id ? prediction : candidate));
    });
    for (const listener of [...this.heatmapListeners]) listener(prediction, tiles);
  }

  private caughtUp(): void {
    this.peopleList.clear();
    this.presence.flush();
    this.outbox.start();
    void this.fetchPredictions();
  }

  private async fetchPredictions(): Promise<void> {
    try {
      const { predictions } = await this.connection.execute(LivePredictionsDocument, { slideId: this.slideId });
      const list = predictions.nodes.map(predictionOf);
      this.predictions.set(list);
      for (const prediction of list) for (const listener of [...this.heatmapListeners]) listener(prediction, null);
    } catch (error) {
      // The line broke again: the next subscription fetches them.
      if (error instanceof NetworkFailure) return;
      if (!(error instanceof RequestRefused)) throw error;
      this.notify("warning", error.code, error.message);
    }
  }

  // ---- edits on their way ----

  /** Geometry needs the version it was made upon: the one the tool saw, else the present one. */
  private withVersion(op: AnnotationOp): AnnotationOp {
    if (op.type === "create" || op.expectedVersion !== undefined) return op;
    if (op.type === "update" && op.geometry === undefined) return op;
    return {
      ...op,
      expectedVersion: this.store.get(op.id)?.version ?? this.store.confirmedRow(op.id)?.annotation.version ?? 0,
    };
  }

  private reverse(kind: "undo" | "redo", ops: readonly AnnotationOp[]): readonly AnnotationOp[] {
    const mutationId = newId();
    const inverse = this.store.begin(mutationId, ops);
    this.post(kind, mutationId, ops);
    return inverse;
  }

  private post(kind: OutboxEntry["kind"], mutationId: string, ops: readonly AnnotationOp[]): void {
    this.outbox.add({ mutationId, kind, ops, slideId: this.slideId, clientId: this.clientId, userId: this.me.id });
  }

  private async send(entry: OutboxEntry): Promise<void> {
    try {
      if (entry.kind === "apply") await this.sendOps(entry);
      else await this.sendReversal(entry, entry.kind);
    } catch (error) {
      if (!(error instanceof RequestRefused)) throw error;
      this.refused(entry, error.code, error.message, {});
    }
  }

  private async sendOps(entry: OutboxEntry): Promise<void> {
    const ops = entry.ops.map((op) => this.following(op));
    const { slideId, clientId, mutationId } = entry;
    const { applyAnnotationOps: result } = await this.connection.execute(ApplyAnnotationOpsDocument, {
      input: { slideId, clientId, mutationId, ops: ops.map(opInputOf) },
    });
    switch (result.__typename) {
      case "AppliedOps":
        this.store.acknowledge(mutationId, result.annotations.map(rowOf));
        break;
      case "AnnotationConflict":
        this.inConflict(
          entry,
          result.conflicts.map((conflict) => rowOf(conflict.current)),
        );
        break;
      case "Failure":
        this.refused(entry, result.code, result.message, result.params);
        break;
    }
  }

  private async sendReversal(entry: OutboxEntry, kind: "undo" | "redo"): Promise<void> {
    const { slideId, clientId, mutationId } = entry;
    const input = { slideId, clientId, mutationId };
    const result =
      kind === "undo"
        ? (await this.connection.execute(UndoDocument, { input })).undo
        : (await this.connection.execute(RedoDocument, { input })).redo;
    if (result.__typename === "AppliedOps") {
      this.store.acknowledge(mutationId, result.annotations.map(rowOf));
      const [skipped] = result.skipped;
      if (skipped !== undefined) this.notify("info", skipped.code, skipped.message, { count: result.skipped.length });
    } else {
      this.store.abandon(mutationId);
      if (result.code === "NOTHING_TO_UNDO" || result.code === "NOTHING_TO_REDO") this.undoStack.exhausted(kind);
      this.notify("info", result.code, result.message, result.params);
    }
  }

  /** The op as it has to be sent now, when earlier edits of one's own have moved the version on. */
  private following(op: AnnotationOp): AnnotationOp {
    if (op.type === "create" || op.expectedVersion === undefined) return op;
    return { ...op, expectedVersion: this.store.currentVersion(op.id, op.expectedVersion) };
  }

  /** Nothing was written. What is in conflict is set aside, with all that was done to it since; the rest is sent anew. */
  private inConflict(entry: OutboxEntry, current: readonly Row[]): void {
    const ids: ReadonlySet<string> = new Set(current.map((row) => row.annotation.id));
    const wanted = new Map([...ids].map((id) => [id, this.store.replay(id)]));
    const setAside = new Map<string, AnnotationOp[]>();
    this.outbox.revise((waiting) => {
      if (waiting.kind !== "apply" || !waiting.ops.some((op) => ids.has(op.id))) return waiting;
      for (const op of waiting.ops) if (ids.has(op.id)) setAside.set(op.id, [...(setAside.get(op.id) ?? []), op]);
      this.store.abandon(waiting.mutationId, ids);
      const kept = waiting.ops.filter((op) => !ids.has(op.id));
      if (kept.length === 0) {
        this.undoStack.forget(waiting.mutationId);
        return null;
      }
      const mutationId = newId();
      this.store.rename(waiting.mutationId, mutationId);
      return { ...waiting, mutationId, ops: kept };
    });
    this.store.receive(current, [], "REMOTE");
    for (const row of current) {
      const { id } = row.annotation;
      const mine = wanted.get(id);
      const bothGone = row.deleted && (mine === undefined || mine.deleted);
      if (!bothGone)
        this.conflictList.add(
          id,
          mine === undefined || mine.deleted ? null : mine.annotation,
          row,
          setAside.get(id) ?? [],
        );
    }
    if (entry.kind !== "apply") this.store.abandon(entry.mutationId);
  }

  private refused(entry: OutboxEntry, code: string, message: string, params: unknown): void {
    this.store.abandon(entry.mutationId);
    this.undoStack.forget(entry.mutationId);
    this.notify("error", code, message, params);
  }

  // ---- what is told ----

  private notify(tone: SessionNotice["tone"], code: string, message: string, params: unknown = {}): void {
    const values = typeof params === "object" && params !== null ? (params as Readonly<Record<string, unknown>>) : {};
    const notice: SessionNotice = { id: newId(), tone, code, message, params: values };
    this.notices.update((notices) => [...notices, notice].slice(-LONGEST_NOTICES));
  }

  private currentStatus(): SessionStatus {
    const { connection, loading, seq, latencyMs } = this.feed.state.getSnapshot();
    const { waiting, stuck } = this.outbox.state.getSnapshot();
    const saving = waiting === 0 ? "saved" : stuck || connection === "offline" ? "offline" : "saving";
    return { connection, saving, unsaved: waiting, latencyMs, seq, loading };
  }
}

/** Opens a slide for live work. */
export function openSlideSession(connection: GraphqlConnection, options: SessionOptions): LiveSession {
  return new LiveSession(connection, options);
}
