/** The slide's predictions, the newest first, and the heatmap tiles that come in with their progress. */
import { LivePredictionsDocument } from "../gql/graphql";
import { Value } from "../model/observable";
import type { HeatmapTile, Prediction } from "../model/prediction";
import { type GraphqlConnection, NetworkFailure, RequestRefused } from "./client";
import type { Notices } from "./notices";
import { predictionOf } from "./records";

/** `null` when news may have been missed and all tiles are to be looked at again. */
export type HeatmapListener = (prediction: Prediction, tiles: readonly HeatmapTile[] | null) => void;

export class LivePredictions {
  readonly list = new Value<readonly Prediction[]>([]);
  private readonly heatmapListeners = new Set<HeatmapListener>();

  constructor(
    private readonly connection: GraphqlConnection,
    private readonly slideId: string,
    private readonly notices: Notices,
  ) {}

  onHeatmapTiles(listener: HeatmapListener): () => void {
    this.heatmapListeners.add(listener);
    return () => {
      this.heatmapListeners.delete(listener);
    };
  }

  /** News of one prediction, which may be one not heard of before. */
  progressed(prediction: Prediction, tiles: readonly HeatmapTile[] | null): void {
    this.list.update((known) => {
      const others = known.filter((candidate) => candidate.id !== prediction.id);
      const isNew = others.length === known.length;
      return isNew
        ? [prediction, ...known]
        : known.map((candidate) => (candidate.id === prediction.id ? prediction : candidate));
    });
    this.tell(prediction, tiles);
  }

  /** Asks for all of them, since news may have been missed while the line was down. */
  async fetch(): Promise<void> {
    try {
      const { predictions } = await this.connection.execute(LivePredictionsDocument, { slideId: this.slideId });
      const list = predictions.nodes.map(predictionOf);
      this.list.set(list);
      for (const prediction of list) this.tell(prediction, null);
    } catch (error) {
      // The line broke again: the next subscription fetches them.
      if (error instanceof NetworkFailure) return;
      if (!(error instanceof RequestRefused)) throw error;
      this.notices.add("warning", error.code, error.message);
    }
  }

  private tell(prediction: Prediction, tiles: readonly HeatmapTile[] | null): void {
    for (const listener of [...this.heatmapListeners]) listener(prediction, tiles);
  }
}
