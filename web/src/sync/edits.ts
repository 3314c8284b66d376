/** The user's own edits: shown at once, sent in order, and what becomes of them when the server accepts, refuses or meets another's. */
import { ApplyAnnotationOpsDocument, RedoDocument, UndoDocument } from "../gql/graphql";
import type { AnnotationOp } from "../model/annotation";
import { newId } from "../model/ids";
import type { AnnotationStore } from "../store/annotationStore";
import type { Row } from "../store/rows";
import { UndoStack } from "../store/undoStack";
import { type GraphqlConnection, RequestRefused } from "./client";
import type { Conflicts } from "./conflicts";
import type { Notices } from "./notices";
import { Outbox, type OutboxEntry, type OutboxStorage } from "./outbox";
import { inParts } from "./parts";
import { opInputOf, rowOf } from "./records";

/** Under which names edits are sent and kept. */
export interface EditAuthor {
  readonly slideId: string;
  readonly clientId: string;
  readonly userId: string;
}

export interface EditsOptions {
  readonly connection: GraphqlConnection;
  readonly author: EditAuthor;
  readonly store: AnnotationStore;
  readonly conflicts: Conflicts;
  readonly notices: Notices;
  readonly storage: OutboxStorage;
  readonly firstRetryMs?: number | undefined;
}

export class Edits {
  readonly undoState: UndoStack["state"];
  readonly outboxState: Outbox["state"];
  private readonly undoStack = new UndoStack();
  private readonly outbox: Outbox;
  private readonly connection: GraphqlConnection;
  private readonly author: EditAuthor;
  private readonly store: AnnotationStore;
  private readonly conflicts: Conflicts;
  private readonly notices: Notices;

  constructor({ connection, author, store, conflicts, notices, storage, firstRetryMs }: EditsOptions) {
    this.connection = connection;
    this.author = author;
    this.store = store;
    this.conflicts = conflicts;
    this.notices = notices;
    this.outbox = new Outbox(storage, (entry) => this.send(entry), firstRetryMs);
    this.undoState = this.undoStack.state;
    this.outboxState = this.outbox.state;
  }

  /** Shows again what an earlier life of this page could not send, and begins sending it. */
  async restore(): Promise<void> {
    const restored = await this.outbox.restore(this.author.slideId, this.author.userId).catch(() => []);
    for (const entry of restored) this.store.begin(entry.mutationId, entry.ops);
    this.outbox.start();
  }

  /** The line stands again. */
  resume(): void {
    this.outbox.start();
  }

  apply(ops: readonly AnnotationOp[]): void {
    if (ops.length === 0) return;
    // What is too much for one call is several mutations, but one step of undo.
    const parts = inParts(ops).map((part) => {
      const versioned = part.map((op) => this.withVersion(op));
      const mutationId = newId();
      return { mutationId, ops: versioned, inverse: this.store.begin(mutationId, versioned) };
    });
    this.undoStack.did(parts);
    for (const part of parts) this.post("apply", part.mutationId, part.ops);
  }

  undo(): void {
    if (!this.undoState.getSnapshot().canUndo) return;
    this.undoStack.undo((ops) => this.reverse("undo", ops));
  }

  redo(): void {
    if (!this.undoState.getSnapshot().canRedo) return;
    this.undoStack.redo((ops) => this.reverse("redo", ops));
  }

  /** The event of an edit of one's own, which may arrive before its answer. */
  echoed(mutationId: string, rows: readonly Row[]): void {
    if (!this.store.isPending(mutationId)) return;
    this.store.acknowledge(mutationId, rows);
    this.outbox.settle(mutationId);
  }

  close(): void {
    this.outbox.close();
  }

  /** Geometry needs the version it was made upon: the one the tool saw, else the present one. */
  private withVersion(op: AnnotationOp): AnnotationOp {
    if (!isVersioned(op) || op.expectedVersion !== undefined) return op;
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
    this.outbox.add({ mutationId, kind, ops, ...this.author });
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
      if (skipped !== undefined)
        this.notices.add("info", skipped.code, skipped.message, { count: result.skipped.length });
    } else {
      this.store.abandon(mutationId);
      if (result.code === "NOTHING_TO_UNDO" || result.code === "NOTHING_TO_REDO") this.undoStack.exhausted(kind);
      this.notices.add("info", result.code, result.message, result.params);
    }
  }

  /** The op as it has to be sent now, when earlier edits of one's own have moved the version on. */
  private following(op: AnnotationOp): AnnotationOp {
    if (!isVersioned(op) || op.expectedVersion === undefined) return op;
    return { ...op, expectedVersion: this.store.currentVersion(op.id, op.expectedVersion) };
  }

  /** Nothing was written. What is in conflict is set aside, with all that was done to it since; the rest is sent anew. */
  private inConflict(entry: OutboxEntry, current: readonly Row[]): void {
    const ids: ReadonlySet<string> = new Set(current.map((row) => row.annotation.id));
    const wanted = new Map([...ids].map((id) => [id, this.store.replay(id)]));
    const setAside = this.setAside(ids);
    this.store.receive(current, [], "REMOTE");
    for (const row of current) {
      const { id } = row.annotation;
      const mine = wanted.get(id);
      const bothGone = row.deleted && (mine === undefined || mine.deleted);
      if (!bothGone)
        this.conflicts.add(
          id,
          mine === undefined || mine.deleted ? null : mine.annotation,
          row,
          setAside.get(id) ?? [],
        );
    }
    if (entry.kind !== "apply") this.store.abandon(entry.mutationId);
  }

  /** Takes every waiting op of these annotations out of the outbox; the answer is what was taken, by annotation, in order. */
  private setAside(ids: ReadonlySet<string>): ReadonlyMap<string, readonly AnnotationOp[]> {
    const taken = new Map<string, AnnotationOp[]>();
    this.outbox.revise((waiting) => {
      if (waiting.kind !== "apply" || !waiting.ops.some((op) => ids.has(op.id))) return waiting;
      for (const op of waiting.ops) if (ids.has(op.id)) taken.set(op.id, [...(taken.get(op.id) ?? []), op]);
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
    return taken;
  }

  private refused(entry: OutboxEntry, code: string, message: string, params: unknown): void {
    this.store.abandon(entry.mutationId);
    this.undoStack.forget(entry.mutationId);
    this.notices.add("error", code, message, params);
  }
}

type VersionedOp = Extract<AnnotationOp, { readonly expectedVersion?: number }>;

/** Whether the op may be told which version it was made upon: a new shape has none, and areas are added and taken away whatever there is. */
function isVersioned(op: AnnotationOp): op is VersionedOp {
  return op.type === "update" || op.type === "delete" || op.type === "restore";
}
