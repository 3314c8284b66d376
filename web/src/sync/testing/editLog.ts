/** What the test server keeps of a slide: annotations with their versions, and the log of every edit, one seq each. */
import {
  changed,
  contentOf,
  isStale,
  type OpFields,
  type OpInput,
  PEOPLE,
  recordOf,
  type StoredAnnotation,
  WHEN,
} from "./storedAnnotation";

export interface LoggedEvent {
  readonly seq: number;
  readonly clientId: string;
  readonly mutationId: string;
  readonly actor: string;
  readonly before: readonly (StoredAnnotation | undefined)[];
  readonly after: readonly StoredAnnotation[];
  readonly undone?: boolean;
}

export interface OpsInput {
  readonly clientId: string;
  readonly mutationId: string;
  readonly ops: readonly OpInput[];
}

/** An object of the schema, as a resolver gives it. */
export type TypedRecord = Readonly<Record<string, unknown>> & { readonly __typename: string };

export class EditLog {
  readonly annotations = new Map<string, StoredAnnotation>();
  readonly events: LoggedEvent[] = [];

  constructor(private readonly onWritten: (event: LoggedEvent) => void) {}

  get seq(): number {
    return this.events.length;
  }

  /** One mutation of a person: all of its ops, or none. */
  apply(input: OpsInput, who: string): TypedRecord {
    const replayed = this.events.find(
      (event) => event.clientId === input.clientId && event.mutationId === input.mutationId,
    );
    if (replayed !== undefined) return applied(replayed);
    const state = new Map(this.annotations);
    const conflicts: unknown[] = [];
    const ids: string[] = [];
    for (const op of input.ops) {
      const [kind, fields] = Object.entries(op).find(([, value]) => value != null) as [keyof OpInput, OpFields];
      const row = state.get(fields.id);
      if (kind !== "create" && row === undefined) {
        return {
          __typename: "Failure",
          code: "ANNOTATION_NOT_FOUND",
          message: `There is no annotation ${fields.id} on this slide.`,
          params: null,
        };
      }
      if (row?.locked === true && fields.locked !== false) {
        return {
          __typename: "Failure",
          code: "ANNOTATION_LOCKED",
          message: `Annotation ${row.id} is locked.`,
          params: { id: row.id },
        };
      }
      if (row !== undefined && isStale(kind, fields, row)) {
        conflicts.push({ id: row.id, current: recordOf(row), expectedVersion: fields.expectedVersion });
        continue;
      }
      state.set(fields.id, changed(kind, fields, row, who));
      ids.push(fields.id);
    }
    if (conflicts.length > 0)
      return { __typename: "AnnotationConflict", message: "Annotations changed since you saw them.", conflicts };
    return this.write(input, who, ids, state);
  }

  /** Takes back the latest edit of a person that is not undone yet, except what has changed since. */
  undo(input: OpsInput, who: string): TypedRecord {
    const target = this.events.findLast((event) => event.actor === who && event.undone !== true);
    if (target === undefined)
      return {
        __typename: "Failure",
        code: "NOTHING_TO_UNDO",
        message: "You have nothing to undo on this slide.",
        params: null,
      };
    this.events[this.events.indexOf(target)] = { ...target, undone: true };
    const state = new Map(this.annotations);
    const ids: string[] = [];
    const skipped: unknown[] = [];
    target.after.forEach((after, index) => {
      const now = state.get(after.id);
      const before = target.before[index];
      if (now === undefined || contentOf(now) !== contentOf(after)) {
        skipped.push({
          id: after.id,
          code: "CHANGED_SINCE",
          message: `Annotation ${after.id} was changed by someone since, so it stays as it is.`,
        });
        return;
      }
      const version = now.version + 1;
      state.set(after.id, { ...(before ?? { ...now, deletedAt: WHEN }), version, geometryVersion: version });
      ids.push(after.id);
    });
    const result = this.write(input, who, ids, state, true);
    return { ...result, skipped };
  }

  private write(
    input: OpsInput,
    who: string,
    ids: readonly string[],
    state: ReadonlyMap<string, StoredAnnotation>,
    undone = false,
  ): TypedRecord {
    const event: LoggedEvent = {
      seq: this.seq + 1,
      clientId: input.clientId,
      mutationId: input.mutationId,
      actor: who,
      before: ids.map((id) => this.annotations.get(id)),
      after: ids.flatMap((id) => state.get(id) ?? []),
      undone,
    };
    for (const row of event.after) this.annotations.set(row.id, row);
    this.events.push(event);
    this.onWritten(event);
    return applied(event);
  }
}

export function changedEvent(event: LoggedEvent): TypedRecord {
  const { seq, clientId, mutationId, actor, after } = event;
  return {
    __typename: "AnnotationsChanged",
    seq,
    clientId,
    mutationId,
    actor: PEOPLE[actor],
    annotations: after.map(recordOf),
    layers: [],
  };
}

function applied(event: LoggedEvent): TypedRecord {
  return { __typename: "AppliedOps", seq: event.seq, annotations: event.after.map(recordOf), skipped: [] };
}
