/** Which predicted outline an annotation was made of: two of its attributes, set when it is accepted and kept by the server. */
import type { Annotation } from "./annotation";

export const FROM_PREDICTION = "predictionId";
export const FROM_POLYGON = "predictionPolygon";

export interface Provenance {
  readonly predictionId: string;
  /** The outline's number in the prediction's layer. */
  readonly polygon: number;
}

/** `null` for what was drawn. */
export function provenanceOf({ attributes }: Pick<Annotation, "attributes">): Provenance | null {
  const predictionId = attributes[FROM_PREDICTION];
  const polygon = attributes[FROM_POLYGON];
  return typeof predictionId === "string" && typeof polygon === "number" ? { predictionId, polygon } : null;
}

/** The names of attributes that people give and change. */
export function ownAttributes({ attributes }: Pick<Annotation, "attributes">): readonly string[] {
  return Object.keys(attributes)
    .filter((name) => name !== FROM_PREDICTION && name !== FROM_POLYGON)
    .sort();
}
