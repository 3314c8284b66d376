/** An annotation as the test server keeps it, and what one op makes of it. */
import type { Geometry } from "../../model/annotation";
import { areaOf, boundsOf, lengthOf } from "../../model/geometry";

export interface StoredAnnotation {
  readonly id: string;
  readonly version: number;
  readonly geometryVersion: number;
  readonly deletedAt: string | null;
  readonly kind: string;
  readonly geometry: Geometry;
  readonly termId: string | null;
  readonly note: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly locked: boolean;
  readonly by: string;
}

export interface OpFields {
  readonly id: string;
  readonly expectedVersion?: number | null;
  readonly kind?: string;
  readonly geometry?: Geometry;
  readonly termId?: string | null;
  readonly clearTerm?: boolean;
  readonly note?: string;
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly locked?: boolean;
}

export type OpInput = Readonly<Partial<Record<"create" | "update" | "delete" | "restore", OpFields>>>;

export const PEOPLE: Readonly<Record<string, { readonly id: string; readonly name: string; readonly color: string }>> =
  {
    ada: { id: "ada", name: "Ada", color: "#8fd3c1" },
    ben: { id: "ben", name: "Ben", color: "#ffc078" },
  };
export const LAYER = {
  id: "layer-1",
  kind: "USER",
  name: "Ada",
  color: "#8fd3c1",
  predictionId: null,
  annotationCount: 0,
  owner: PEOPLE.ada,
};
export const WHEN = "2026-01-01T00:00:00Z";

/** Whether the op was made upon something that has changed meanwhile. */
export function isStale(kind: keyof OpInput, fields: OpFields, row: StoredAnnotation): boolean {
  if (kind === "create") return false;
  if (kind === "update") {
    const geometryIsStale =
      fields.geometry !== undefined && fields.geometry !== null && (fields.expectedVersion ?? 0) < row.geometryVersion;
    return geometryIsStale || row.deletedAt !== null;
  }
  return fields.expectedVersion != null && fields.expectedVersion !== row.version;
}

/** The annotation after the op. */
export function changed(
  kind: keyof OpInput,
  fields: OpFields,
  row: StoredAnnotation | undefined,
  by: string,
): StoredAnnotation {
  if (row === undefined) {
    return {
      id: fields.id,
      version: 1,
      geometryVersion: 1,
      deletedAt: null,
      kind: fields.kind ?? "POLYGON",
      geometry: fields.geometry ?? { type: "Point", coordinates: [0, 0] },
      termId: fields.termId ?? null,
      note: fields.note ?? "",
      attributes: fields.attributes ?? {},
      locked: false,
      by,
    };
  }
  const version = row.version + 1;
  if (kind === "delete") return { ...row, version, deletedAt: WHEN, by };
  if (kind === "restore") return { ...row, version, deletedAt: null, by };
  return {
    ...row,
    version,
    by,
    ...(fields.geometry == null
      ? {}
      : { geometry: fields.geometry, kind: fields.kind ?? row.kind, geometryVersion: version }),
    termId: fields.clearTerm === true ? null : (fields.termId ?? row.termId),
    note: fields.note ?? row.note,
    locked: fields.locked ?? row.locked,
    attributes: { ...row.attributes, ...fields.attributes },
  };
}

/** As the schema gives it. */
export function recordOf({ by, geometryVersion: _, ...row }: StoredAnnotation): Readonly<Record<string, unknown>> {
  return {
    ...row,
    slideId: "slide-1",
    layerId: LAYER.id,
    bounds: boundsOf(row.geometry),
    areaPx: areaOf(row.geometry),
    lengthPx: lengthOf(row.geometry),
    createdAt: WHEN,
    updatedAt: WHEN,
    createdBy: PEOPLE[by],
    updatedBy: PEOPLE[by],
    reviewState: "DRAFT",
  };
}

/** What an undo looks at: everything but the versions. */
export function contentOf({ version: _, geometryVersion: __, by: ___, ...content }: StoredAnnotation): string {
  return JSON.stringify(content);
}
