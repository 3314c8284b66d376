/**
 * One slide's annotations as the user sees them: what the server has confirmed, with the user's own pending edits replayed on top.
 *
 * It changes by two causes only: an edit of one's own (`begin`), or rows from the server (`acknowledge`, `receive`, `replaceAll`).
 * It knows no network; versions decide what is newer, so the same row may arrive twice and in any order.
 */
import type { Annotation, AnnotationOp, Layer, PersonRef } from "../model/annotation";
import { Value } from "../model/observable";
import type { ChangeListener, Origin } from "./changes";
import { type Author, applyOp, inverseOf, type Row } from "./rows";

export interface StoreSnapshot {
  readonly revision: number;
  /** Everything that is not deleted, by id, in the order of creation. */
  readonly byId: ReadonlyMap<string, Annotation>;
  readonly layers: readonly Layer[];
}

interface PendingOp {
  readonly op: AnnotationOp;
  readonly author: Author;
}

interface PendingMutation {
  readonly id: string;
  readonly ops: readonly AnnotationOp[];
  readonly author: Author;
}

export class AnnotationStore {
  readonly snapshot = new Value<StoreSnapshot>({ revision: 0, byId: new Map(), layers: [] });
  private readonly confirmed = new Map<string, Row>();
  private readonly visible = new Map<string, Annotation>();
  private readonly layers = new Map<string, Layer>();
  private readonly listeners = new Set<ChangeListener>();
  private readonly successors = new Map<string, Map<number, number>>();
  private pending: readonly PendingMutation[] = [];
  /** The pending ops of each annotation, in order; `null` when they have to be looked up anew. */
  private pendingById: Map<string, PendingOp[]> | null = new Map();
  private revision = 0;

  constructor(
    private readonly slideId: string,
    private readonly me: PersonRef | null,
  ) {}

  get(id: string): Annotation | undefined {
    return this.visible.get(id);
  }

  /** What the server holds, without one's own pending edits; also when it is deleted. */
  confirmedRow(id: string): Row | undefined {
    return this.confirmed.get(id);
  }

  observe(listener: ChangeListener): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  /**
   * Shows an edit at once, under the id of the mutation that will carry it. Answers the ops that would take it back, last first.
   *
   * Ops on what does not exist are left out of both.
   */
  begin(mutationId: string, ops: readonly AnnotationOp[], now = new Date().toISOString()): readonly AnnotationOp[] {
    const author: Author = { slideId: this.slideId, person: this.me, layerId: this.ownLayerId(), now };
    const inverse: AnnotationOp[] = [];
    for (const op of ops) {
      const back = inverseOf(op, this.replay(op.id));
      if (back !== null) inverse.push(back);
    }
    inverse.reverse();
    this.pending = [...this.pending, { id: mutationId, ops, author }];
    const pending = this.pendingOps();
    for (const op of ops) remember(pending, op, author);
    this.refresh(
      ops.map((op) => op.id),
      "LOCAL",
    );
    return inverse;
  }

  isPending(mutationId: string): boolean {
    return this.pending.some((candidate) => candidate.id === mutationId);
  }

  /** The server has done a mutation of this client: its rows are the truth now. */
  acknowledge(mutationId: string, rows: readonly Row[]): void {
    const mutation = this.pending.find((candidate) => candidate.id === mutationId);
    // The first op of each annotation.
    const opOf = new Map([...(mutation?.ops ?? [])].reverse().map((op) => [op.id, op]));
    for (const row of rows) {
      const { id, version } = row.annotation;
      if (version > this.versionOf(id)) this.noteSuccessor(id, version - 1, version);
      const op = opOf.get(id);
      if (op?.type === "update" && op.expectedVersion !== undefined && op.expectedVersion < version) {
        this.noteSuccessor(id, op.expectedVersion, version);
      }
    }
    this.pending = this.pending.filter((candidate) => candidate !== mutation);
    this.pendingById = null;
    const touched = this.store(rows);
    // LOCAL: to the author this is no news, whatever the server made of it.
    this.refresh([...touched, ...(mutation?.ops.map((op) => op.id) ?? [])], "LOCAL");
  }

  /** Rows and layers as others, or the server, left them. */
  receive(rows: readonly Row[], layers: readonly Layer[], origin: Origin): void {
    for (const layer of layers) this.layers.set(layer.id, layer);
    const touched = this.store(rows);
    this.refresh(touched, origin, layers.length > 0);
  }

  /** A whole new state of the server; pending edits stay on top. Rows that are not named are gone. */
  replaceAll(rows: readonly Row[], layers: readonly Layer[]): void {
    const touched = new Set([...this.confirmed.keys(), ...rows.map((row) => row.annotation.id)]);
    this.confirmed.clear();
    for (const row of rows) this.confirmed.set(row.annotation.id, row);
    this.layers.clear();
    for (const layer of layers) this.layers.set(layer.id, layer);
    this.refresh([...touched], "SILENT", true);
  }

  /** Takes a pending edit away again: it was refused, or is in conflict. Only `ids`, when given. */
  abandon(mutationId: string, ids?: ReadonlySet<string>): void {
    const mutation = this.pending.find((candidate) => candidate.id === mutationId);
    if (mutation === undefined) return;
    const kept = ids === undefined ? [] : mutation.ops.filter((op) => !ids.has(op.id));
    this.pending =
      kept.length === 0
        ? this.pending.filter((candidate) => candidate !== mutation)
        : this.pending.map((candidate) => (candidate === mutation ? { ...candidate, ops: kept } : candidate));
    this.pendingById = null;
    this.refresh(
      mutation.ops.map((op) => op.id),
      "SILENT",
    );
  }

  /** Gives a pending edit another mutation id, because what is left of it is sent anew. */
  rename(mutationId: string, newId: string): void {
    this.pending = this.pending.map((candidate) =>
      candidate.id === mutationId ? { ...candidate, id: newId } : candidate,
    );
  }

  /**
   * The version to expect for an edit that was made upon `version`: later ones count as the same as long as they were this client's own doing.
   */
  currentVersion(id: string, version: number): number {
    const successors = this.successors.get(id);
    let current = version;
    for (let next = successors?.get(current); next !== undefined; next = successors?.get(current)) current = next;
    return current;
  }

  /** The annotation with all pending edits, deleted or not. */
  replay(id: string): Row | undefined {
    let row = this.confirmed.get(id);
    for (const { op, author } of this.pendingOps().get(id) ?? []) {
      // A create that the server has confirmed meanwhile is not done twice.
      if (op.type === "create" && row !== undefined) continue;
      row = applyOp(row, op, author);
    }
    return row;
  }

  private pendingOps(): Map<string, PendingOp[]> {
    if (this.pendingById === null) {
      this.pendingById = new Map();
      for (const { ops, author } of this.pending) for (const op of ops) remember(this.pendingById, op, author);
    }
    return this.pendingById;
  }

  /** Counts of what is here are counted here; a prediction's polygons are not, so its count is the server's. */
  private countedLayers(): readonly Layer[] {
    const counts = new Map<string, number>();
    for (const { layerId } of this.visible.values()) counts.set(layerId, (counts.get(layerId) ?? 0) + 1);
    return [...this.layers.values()].map((layer) =>
      layer.kind === "PREDICTION" ? layer : { ...layer, annotationCount: counts.get(layer.id) ?? 0 },
    );
  }

  /** Where a new shape will lie: my own layer, once the server has made it. */
  private ownLayerId(): string {
    const own = [...this.layers.values()].find(
      ({ kind, owner }) => kind === "USER" && owner !== null && owner.id === this.me?.id,
    );
    return own?.id ?? "";
  }

  private store(rows: readonly Row[]): string[] {
    const touched: string[] = [];
    for (const row of rows) {
      const { id, version } = row.annotation;
      if (version <= this.versionOf(id)) continue;
      this.confirmed.set(id, row);
      touched.push(id);
    }
    return touched;
  }

  private versionOf(id: string): number {
    return this.confirmed.get(id)?.annotation.version ?? 0;
  }

  private noteSuccessor(id: string, from: number, to: number): void {
    const known = this.successors.get(id) ?? new Map<number, number>();
    this.successors.set(id, known.set(from, to));
  }

  // The one place that changes what is visible.
  private refresh(ids: readonly string[], origin: Origin, layersChanged = false): void {
    const created: Annotation[] = [];
    const updated: { before: Annotation; after: Annotation }[] = [];
    const deleted: Annotation[] = [];
    for (const id of new Set(ids)) {
      const before = this.visible.get(id);
      const row = this.replay(id);
      const after = row === undefined || row.deleted ? undefined : row.annotation;
      if (after === before) continue;
      if (after === undefined) {
        if (before === undefined) continue;
        this.visible.delete(id);
        deleted.push(before);
      } else {
        this.visible.set(id, after);
        if (before === undefined) created.push(after);
        else updated.push({ before, after });
      }
    }
    if (created.length + updated.length + deleted.length === 0 && !layersChanged) return;
    this.revision++;
    this.snapshot.set({ revision: this.revision, byId: new Map(this.visible), layers: this.countedLayers() });
    if (created.length + updated.length + deleted.length === 0) return;
    for (const listener of [...this.listeners]) listener({ origin, created, updated, deleted });
  }
}

function remember(pending: Map<string, PendingOp[]>, op: AnnotationOp, author: Author): void {
  const known = pending.get(op.id);
  if (known === undefined) pending.set(op.id, [{ op, author }]);
  else known.push({ op, author });
}
