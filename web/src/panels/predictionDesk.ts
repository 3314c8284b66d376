/** Starting predictions, and which of them is shown. */
import { useCallback, useEffect, useMemo, useState } from "react";
import { useQuery } from "urql";
import type { Failure } from "../app/failure";
import { useAction } from "../app/requests";
import { useObservable } from "../app/useObservable";
import {
  CancelPredictionDocument,
  PredictionModelsDocument,
  type PredictionModelsQuery,
  RequestPredictionDocument,
} from "../gql/graphql";
import { Value } from "../model/observable";
import type { Prediction } from "../model/prediction";
import type { SlideSession, Workbench } from "../viewer/facade";

export type Model = PredictionModelsQuery["predictionModels"][number];

export interface PredictionDesk {
  readonly models: readonly Model[];
  readonly loading: boolean;
  readonly model: Model | null;
  readonly setModel: (name: string) => void;
  /** The newest first. */
  readonly predictions: readonly Prediction[];
  /** The one on the slide and in the panel. */
  readonly shown: Prediction | null;
  readonly show: (id: string) => void;
  /** The model that made the shown one, when it is still installed. */
  readonly shownModel: Model | null;
  /** Predicts the whole slide, or what is in view. What is in view comes first either way. */
  readonly start: (extent: "slide" | "view") => Promise<void>;
  readonly cancel: (id: string) => Promise<void>;
  readonly busy: boolean;
  readonly failure: Failure | null;
}

const NO_CLASSES: Model["classes"] = [];
const NO_PREDICTIONS = new Value<readonly Prediction[]>([]);

/** What a predicted outline's class number stands for: a class, or what would be positive if the model were sure. */
export function polygonClasses(model: Model | null): Model["classes"] {
  if (model === null) return NO_CLASSES;
  return model.unsure ? [...model.classes, model.unsure] : model.classes;
}

export const isRunning = (prediction: Prediction): boolean =>
  prediction.status === "QUEUED" || prediction.status === "RUNNING";

export function usePredictionDesk(
  slideId: string,
  session: SlideSession | null,
  workbench: Workbench | null,
): PredictionDesk {
  const [{ data, fetching }] = useQuery({ query: PredictionModelsDocument });
  const predictions = useObservable(session?.predictions ?? NO_PREDICTIONS);
  const request = useAction(RequestPredictionDocument);
  const cancellation = useAction(CancelPredictionDocument);
  const [modelName, setModel] = useState<string | null>(null);
  const [chosen, show] = useState<string | null>(null);

  const models = data?.predictionModels ?? [];
  const model = models.find((each) => each.name === modelName) ?? models[0] ?? null;
  const shown = predictions.find((each) => each.id === chosen) ?? defaultPrediction(predictions);
  const shownModel = models.find((each) => each.name === shown?.model) ?? null;

  const shownId = shown?.id ?? null;
  // Without a prediction, what the model sees at once has its colours.
  const classes = useMemo(() => polygonClasses(shownModel ?? model), [shownModel, model]);
  useEffect(() => {
    workbench?.showPrediction(shownId, classes);
  }, [workbench, shownId, classes]);
  // The outlines were traced at the model's own threshold: the overlay begins there too.
  const threshold = shown?.threshold;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another prediction begins at its threshold, even if it is the same number
  useEffect(() => {
    if (threshold !== undefined) workbench?.setHeatmapStyle({ threshold });
  }, [workbench, shownId, threshold]);

  const requestRun = request.run;
  const start = useCallback(
    async (extent: "slide" | "view") => {
      if (!workbench) return;
      const view = regionOf(workbench.viewport.getSnapshot().bounds);
      const region = extent === "view" ? view : null;
      const made = await requestRun({ slideId, model: model?.name ?? null, region, focus: view });
      if (made) show(made.id);
    },
    [requestRun, slideId, model, workbench],
  );
  const cancelRun = cancellation.run;
  const cancel = useCallback(async (id: string) => void (await cancelRun({ id })), [cancelRun]);

  return useMemo(
    () => ({
      models,
      loading: fetching && !data,
      model,
      setModel,
      predictions,
      shown,
      show,
      shownModel,
      start,
      cancel,
      busy: request.busy || cancellation.busy,
      failure: request.failure ?? cancellation.failure,
    }),
    [models, fetching, data, model, predictions, shown, shownModel, start, cancel, request, cancellation],
  );
}

/** What runs now, else the newest that came to an end well, else the newest. */
function defaultPrediction(predictions: readonly Prediction[]): Prediction | null {
  return (
    predictions.find(isRunning) ??
    predictions.find((prediction) => prediction.status === "SUCCEEDED") ??
    predictions[0] ??
    null
  );
}

function regionOf([minX, minY, maxX, maxY]: readonly [number, number, number, number]) {
  return { x: minX, y: minY, width: maxX - minX, height: maxY - minY };
}
