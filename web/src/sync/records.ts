/** From the generated types of the API to the client's own model; the one place that knows both. */
import type {
  AnnotationFieldsFragment,
  AnnotationOpInput,
  LayerFieldsFragment,
  PersonFieldsFragment,
  PredictionFieldsFragment,
} from "../gql/graphql";
import type { AnnotationOp, Bounds, Layer, PersonRef, Position } from "../model/annotation";
import type { Prediction } from "../model/prediction";
import type { PresentPerson } from "../model/presence";
import type { Row } from "../store/rows";

export function rowOf(record: AnnotationFieldsFragment): Row {
  const { deletedAt, ...fields } = record;
  return {
    deleted: deletedAt !== null,
    annotation: {
      ...fields,
      bounds: boundsOfList(record.bounds),
      attributes: isObject(record.attributes) ? record.attributes : {},
      createdBy: record.createdBy && personOf(record.createdBy),
      updatedBy: record.updatedBy && personOf(record.updatedBy),
      reviewedBy: record.reviewedBy && personOf(record.reviewedBy),
    },
  };
}

export function layerOf(record: LayerFieldsFragment): Layer {
  return { ...record, owner: record.owner && personOf(record.owner) };
}

export function personOf({ id, name, color }: PersonFieldsFragment): PersonRef {
  return { id, name, color };
}

export function predictionOf(record: PredictionFieldsFragment): Prediction {
  return { ...record, requestedBy: record.requestedBy && personOf(record.requestedBy) };
}

export interface PresentRecord {
  readonly clientId: string;
  readonly user: PersonFieldsFragment;
  readonly cursor: readonly number[] | null;
  readonly viewport: readonly number[] | null;
  readonly selection: readonly string[];
  readonly tool: string | null;
  readonly stroke: readonly number[] | null;
  readonly presenting: boolean;
}

/** The API's [x, y, width, height]. */
export function rectangleOf([minX, minY, maxX, maxY]: Bounds): number[] {
  return [minX, minY, maxX - minX, maxY - minY];
}

function boundsOfRectangle(values: readonly number[]): Bounds {
  const [x, y, width, height] = boundsOfList(values);
  return [x, y, x + width, y + height];
}

export function presentOf(record: PresentRecord): PresentPerson {
  const [x, y] = record.cursor ?? [];
  return {
    clientId: record.clientId,
    person: personOf(record.user),
    cursor: x === undefined || y === undefined ? null : [x, y],
    viewport: record.viewport === null ? null : boundsOfRectangle(record.viewport),
    selection: record.selection,
    tool: record.tool,
    stroke: record.stroke === null ? null : pairs(record.stroke),
    presenting: record.presenting,
  };
}

export function opInputOf(op: AnnotationOp): AnnotationOpInput {
  switch (op.type) {
    case "create": {
      const { type: _, ...create } = op;
      return { create };
    }
    case "update": {
      const { type: _, termId, ...rest } = op;
      const term = termId === undefined ? {} : termId === null ? { clearTerm: true } : { termId };
      return { update: { ...rest, ...term } };
    }
    case "addArea":
      return { addArea: { id: op.id, geometry: op.geometry } };
    case "subtractArea":
      return { subtractArea: { id: op.id, geometry: op.geometry } };
    case "review":
      return {
        review: { id: op.id, state: op.state, reason: op.reason ?? null, expectedVersion: op.expectedVersion ?? null },
      };
    case "delete":
      return { delete: { id: op.id, expectedVersion: op.expectedVersion ?? null } };
    case "restore":
      return { restore: { id: op.id, expectedVersion: op.expectedVersion ?? null } };
  }
}

export function flat(positions: readonly Position[]): number[] {
  return positions.flat();
}

function pairs(numbers: readonly number[]): Position[] {
  const positions: Position[] = [];
  for (let i = 0; i + 1 < numbers.length; i += 2) positions.push([numbers[i] ?? 0, numbers[i + 1] ?? 0]);
  return positions;
}

function boundsOfList(list: readonly number[]): Bounds {
  const [minX = 0, minY = 0, maxX = 0, maxY = 0] = list;
  return [minX, minY, maxX, maxY];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
