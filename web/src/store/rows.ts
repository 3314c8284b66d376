/** What an op makes of an annotation, and what would undo it. Pure; the server's rules are the truth, these only anticipate them. */
import type { Annotation, AnnotationOp, PersonRef } from "../model/annotation";
import { differenceOf, unionOf } from "../model/booleans";
import { areaOf, boundsOf, isArea, kindOfArea, lengthOf } from "../model/geometry";

/** An annotation, or the tombstone of one. */
export interface Row {
  readonly annotation: Annotation;
  readonly deleted: boolean;
}

export interface Author {
  readonly slideId: string;
  readonly person: PersonRef | null;
  /** The author's own layer; empty while the server has not made it. */
  readonly layerId: string;
  /** ISO time of the edit. */
  readonly now: string;
}

/** The row after the op; `undefined` when there is nothing the op could act on. */
export function applyOp(row: Row | undefined, op: AnnotationOp, author: Author): Row | undefined {
  switch (op.type) {
    case "create":
      return { annotation: created(op, author), deleted: false };
    case "update":
      return row === undefined ? undefined : { ...row, annotation: updated(row.annotation, op, author) };
    case "addArea":
    case "subtractArea":
      return row === undefined ? undefined : brushed(row, op, author);
    case "review":
      return row === undefined ? undefined : { ...row, annotation: reviewed(row.annotation, op, author) };
    case "delete":
      return row === undefined ? undefined : { ...row, deleted: true };
    case "restore":
      return row === undefined ? undefined : { ...row, deleted: false };
  }
}

/** The op that takes `op` back, given the row it was applied to. */
export function inverseOf(op: AnnotationOp, before: Row | undefined): AnnotationOp | null {
  const id = op.id;
  switch (op.type) {
    case "create":
      return { type: "delete", id };
    case "delete":
      return { type: "restore", id };
    case "restore":
      return { type: "delete", id };
    case "review": {
      if (before === undefined) return null;
      const { reviewState: state, reviewReason: reason } = before.annotation;
      return { type: "review", id, state, reason };
    }
    case "addArea":
    case "subtractArea": {
      if (before === undefined) return null;
      const { geometry, kind } = before.annotation;
      // What the eraser takes away whole is deleted, with the shape it had.
      const gone = op.type === "subtractArea" && differenceOf(geometry, op.geometry) === null;
      return gone ? { type: "restore", id } : { type: "update", id, geometry, kind };
    }
    case "update": {
      if (before === undefined) return null;
      const was = before.annotation;
      return {
        type: "update",
        id,
        ...(op.geometry === undefined ? {} : { geometry: was.geometry, kind: was.kind }),
        ...(op.termId === undefined ? {} : { termId: was.termId }),
        ...(op.note === undefined ? {} : { note: was.note }),
        ...(op.locked === undefined ? {} : { locked: was.locked }),
        ...(op.attributes === undefined ? {} : { attributes: pick(was.attributes, Object.keys(op.attributes)) }),
      };
    }
  }
}

function created(op: Extract<AnnotationOp, { type: "create" }>, { slideId, person, layerId, now }: Author): Annotation {
  return {
    id: op.id,
    slideId,
    layerId: op.layerId ?? layerId,
    termId: op.termId,
    kind: op.kind,
    ...measured(op.geometry),
    attributes: withoutNulls(op.attributes ?? {}),
    note: op.note ?? "",
    locked: false,
    reviewState: "DRAFT",
    reviewReason: null,
    reviewedBy: null,
    version: 0,
    createdBy: person,
    updatedBy: person,
    createdAt: now,
    updatedAt: now,
  };
}

function updated(
  before: Annotation,
  op: Extract<AnnotationOp, { type: "update" }>,
  { person, now }: Author,
): Annotation {
  return {
    ...before,
    ...(op.geometry === undefined ? {} : measured(op.geometry)),
    kind: op.kind ?? before.kind,
    termId: op.termId === undefined ? before.termId : op.termId,
    attributes:
      op.attributes === undefined ? before.attributes : withoutNulls({ ...before.attributes, ...op.attributes }),
    note: op.note ?? before.note,
    locked: op.locked ?? before.locked,
    updatedBy: person,
    updatedAt: now,
  };
}

/** After the brush or the eraser; what is taken away whole is deleted. */
function brushed(
  row: Row,
  { type, geometry }: Extract<AnnotationOp, { type: "addArea" | "subtractArea" }>,
  { person, now }: Author,
): Row {
  const before = row.annotation;
  const after = (type === "addArea" ? unionOf : differenceOf)(before.geometry, geometry);
  if (after === null) return { ...row, deleted: true };
  const kind = kindOfArea(after);
  return { ...row, annotation: { ...before, ...measured(after), kind, updatedBy: person, updatedAt: now } };
}

function reviewed(
  before: Annotation,
  op: Extract<AnnotationOp, { type: "review" }>,
  { person, now }: Author,
): Annotation {
  const opened = before.reviewState === "ACCEPTED" && op.state !== "ACCEPTED";
  return {
    ...before,
    reviewState: op.state,
    reviewReason: op.reason ?? null,
    reviewedBy: person,
    // What is opened again may have a lock of its own; the answer will say.
    locked: op.state === "ACCEPTED" || (before.locked && !opened),
    updatedBy: person,
    updatedAt: now,
  };
}

function measured(geometry: Annotation["geometry"]): Pick<Annotation, "geometry" | "bounds" | "areaPx" | "lengthPx"> {
  return {
    geometry,
    bounds: boundsOf(geometry),
    areaPx: isArea(geometry) ? areaOf(geometry) : 0,
    lengthPx: lengthOf(geometry),
  };
}

function withoutNulls(attributes: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== null));
}

/** The values under `keys`, `null` where there was none, so that merging them restores it. */
function pick(
  attributes: Readonly<Record<string, unknown>>,
  keys: readonly string[],
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(keys.map((key) => [key, attributes[key] ?? null]));
}
