/** Edits that met another's: kept beside the annotation until the user has chosen. */
import type { Annotation, AnnotationOp } from "../model/annotation";
import { unionOf } from "../model/booleans";
import { isArea, kindOfArea } from "../model/geometry";
import { Value } from "../model/observable";
import type { Row } from "../store/rows";
import type { ConflictView } from "../viewer/facade";
import type { OfPerson } from "./browserStore";
import type { ConflictStorage } from "./conflictStorage";

/** A conflict as it is kept in the browser. */
export interface KeptConflict extends Conflict, OfPerson {
  /** Of person, slide and annotation. */
  readonly key: string;
  readonly annotationId: string;
}

interface Conflict {
  readonly mine: Annotation | null;
  readonly theirs: Row;
  /** What I wanted to do, in order. */
  readonly ops: readonly AnnotationOp[];
}

export class Conflicts {
  readonly list = new Value<readonly ConflictView[]>([]);
  private readonly byId = new Map<string, Conflict>();

  constructor(
    private readonly owner: OfPerson,
    private readonly storage: ConflictStorage,
  ) {}

  /** Those that an earlier page left without a choice. */
  async restore(): Promise<void> {
    const kept = await this.storage.load(this.owner.slideId, this.owner.userId).catch(() => []);
    for (const { annotationId, mine, theirs, ops } of kept)
      if (!this.byId.has(annotationId)) this.byId.set(annotationId, { mine, theirs, ops });
    if (kept.length > 0) this.publish();
  }

  /** `mine` is the annotation as I wanted it; `null` when I wanted it gone. */
  add(id: string, mine: Annotation | null, theirs: Row, ops: readonly AnnotationOp[]): void {
    this.set(id, { mine, theirs, ops });
    this.publish();
  }

  /** The annotation moved on while the choice is open. */
  theirsBecame(rows: readonly Row[]): void {
    let changed = false;
    for (const row of rows) {
      const conflict = this.byId.get(row.annotation.id);
      if (conflict === undefined || conflict.theirs.annotation.version >= row.annotation.version) continue;
      this.set(row.annotation.id, { ...conflict, theirs: row });
      changed = true;
    }
    if (changed) this.publish();
  }

  /** Ends a conflict; the answer is the ops that put mine over theirs. */
  keepMine(id: string): readonly AnnotationOp[] {
    const conflict = this.take(id);
    if (conflict === undefined) return [];
    const { version } = conflict.theirs.annotation;
    const restored: AnnotationOp[] = conflict.theirs.deleted ? [{ type: "restore", id, expectedVersion: version }] : [];
    return [
      ...restored,
      ...conflict.ops.map((op): AnnotationOp => ("expectedVersion" in op ? { ...op, expectedVersion: version } : op)),
    ];
  }

  takeTheirs(id: string): void {
    this.take(id);
  }

  /** Ends a conflict by the union of both shapes. */
  merge(id: string): readonly AnnotationOp[] {
    const conflict = this.byId.get(id);
    if (conflict === undefined || !canMerge(conflict) || conflict.mine === null) return [];
    const geometry = unionOf(conflict.mine.geometry, conflict.theirs.annotation.geometry);
    if (geometry === null) return [];
    this.take(id);
    const kind = kindOfArea(geometry);
    return [{ type: "update", id, kind, geometry, expectedVersion: conflict.theirs.annotation.version }];
  }

  private take(id: string): Conflict | undefined {
    const conflict = this.byId.get(id);
    this.byId.delete(id);
    // A storage that fails costs the choice after a crash, not the one now.
    this.storage.remove(this.keyOf(id)).catch(() => undefined);
    if (conflict !== undefined) this.publish();
    return conflict;
  }

  private set(annotationId: string, conflict: Conflict): void {
    this.byId.set(annotationId, conflict);
    this.storage
      .save({ ...conflict, ...this.owner, annotationId, key: this.keyOf(annotationId) })
      .catch(() => undefined);
  }

  private keyOf(annotationId: string): string {
    return [this.owner.userId, this.owner.slideId, annotationId].join("/");
  }

  private publish(): void {
    this.list.set(
      [...this.byId].map(([annotationId, conflict]) => ({
        annotationId,
        mine: conflict.mine,
        theirs: conflict.theirs.deleted ? null : conflict.theirs.annotation,
        by: conflict.theirs.annotation.updatedBy?.name ?? null,
        canMerge: canMerge(conflict),
      })),
    );
  }
}

function canMerge({ mine, theirs }: Conflict): boolean {
  return mine !== null && !theirs.deleted && isArea(mine.geometry) && isArea(theirs.annotation.geometry);
}
