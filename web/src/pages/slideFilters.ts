/** The quick filters above the slide grid. */
import type { SlideCardFragment } from "../gql/graphql";

export const FILTERS = ["all", "open", "predicting", "predicted", "scale", "bin"] as const;
export type Filter = (typeof FILTERS)[number];

/** Whether its file is being rewritten, or waits for it. */
export function rewritesNow(slide: Pick<SlideCardFragment, "fileJob">): boolean {
  const status = slide.fileJob?.status;
  return status === "PENDING" || status === "RUNNING";
}

type Filterable = Pick<SlideCardFragment, "annotationCount" | "latestPrediction" | "mppX">;

export function predictsNow(slide: Pick<SlideCardFragment, "latestPrediction">): boolean {
  const status = slide.latestPrediction?.status;
  return status === "QUEUED" || status === "RUNNING";
}

/** Whether a slide outside the bin passes a filter. */
export function passes(slide: Filterable, filter: Filter): boolean {
  switch (filter) {
    case "all":
      return true;
    case "open":
      return slide.annotationCount === 0;
    case "predicting":
      return predictsNow(slide);
    case "predicted":
      return slide.latestPrediction?.status === "SUCCEEDED";
    case "scale":
      return slide.mppX == null;
    case "bin":
      return false;
  }
}
