/** The newest doings on a slide, read off what is there. Pure. */
import type { Annotation, PersonRef } from "../model/annotation";
import type { Prediction } from "../model/prediction";

interface Happened {
  readonly key: string;
  readonly id: string;
  readonly by: PersonRef | null;
  readonly at: string;
}

export type RecentEvent =
  | (Happened & { readonly kind: "drew" | "changed"; readonly termId: string | null })
  | (Happened & { readonly kind: "predicted"; readonly model: string });

const MOST = 8;

/** At most eight, the newest first: each annotation by its last change, each prediction by its request. */
export function recentEvents(
  annotations: Iterable<Annotation>,
  predictions: readonly Prediction[],
): readonly RecentEvent[] {
  const newest: RecentEvent[] = predictions.slice(0, MOST).map((prediction) => ({
    kind: "predicted",
    key: `prediction-${prediction.id}`,
    id: prediction.id,
    by: prediction.requestedBy,
    at: prediction.createdAt,
    model: prediction.model,
  }));
  newest.sort(byTime);
  for (const annotation of annotations) {
    const oldest = newest[MOST - 1];
    if (oldest && annotation.updatedAt <= oldest.at) continue;
    newest.push(eventOf(annotation));
    newest.sort(byTime);
    newest.length = Math.min(newest.length, MOST);
  }
  return newest;
}

function eventOf(annotation: Annotation): RecentEvent {
  return {
    kind: annotation.version <= 1 ? "drew" : "changed",
    key: annotation.id,
    id: annotation.id,
    by: annotation.updatedBy ?? annotation.createdBy,
    at: annotation.updatedAt,
    termId: annotation.termId,
  };
}

const byTime = (a: RecentEvent, b: RecentEvent): number => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0);
