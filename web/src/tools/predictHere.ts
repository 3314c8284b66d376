/** "Predict here" at the workbench: asks what the model sees in the present view, and shows it. Nothing is kept on the server. */
import type { Bounds } from "../model/annotation";
import type { Failure } from "../model/failure";
import { Value } from "../model/observable";
import type { HeatmapStyle } from "../model/prediction";
import type { SlideFacts } from "../model/slide";
import type { GlimpseState, SlideSession } from "../viewer/facade";
import type { SlideViewer } from "../viewer/slideViewer";

const NOTHING: GlimpseState = { phase: "none" };

export class PredictHere {
  readonly state = new Value<GlimpseState>(NOTHING);
  private asking: AbortController | null = null;

  constructor(
    private readonly viewer: SlideViewer,
    private readonly session: SlideSession,
    private readonly slide: SlideFacts,
    /** Begins at the threshold of the model. */
    private readonly setStyle: (change: Partial<HeatmapStyle>) => void,
  ) {}

  /** Asks about what is in view; the answer replaces the one before. */
  async ask(model: string | null): Promise<void> {
    const region = regionInView(this.viewer.viewport.getSnapshot().bounds, this.slide);
    this.asking?.abort();
    if (region === null) {
      this.fail({ code: "REGION_OUTSIDE", message: "The view lies outside the slide." });
      return;
    }
    const asking = new AbortController();
    this.asking = asking;
    this.state.set({ phase: "asking" });
    try {
      const glimpse = await this.session.glimpse(region, model, asking.signal);
      await this.viewer.glimpse.show(glimpse);
      if (asking.signal.aborted) return;
      this.setStyle({ threshold: glimpse.threshold, visible: true });
      this.state.set({ phase: "shown", model: glimpse.model });
    } catch (error) {
      if (!asking.signal.aborted) this.fail(failureOf(error));
    }
  }

  /** Takes the answer away, or gives up the question. */
  end(): void {
    this.asking?.abort();
    void this.viewer.glimpse.show(null);
    this.state.set(NOTHING);
  }

  private fail(failure: Failure): void {
    void this.viewer.glimpse.show(null);
    this.state.set({ phase: "failed", failure });
  }
}

/** `[x, y, width, height]` of the part of the slide in view; `null` when there is none. */
export function regionInView(
  [minX, minY, maxX, maxY]: Bounds,
  slide: Pick<SlideFacts, "width" | "height">,
): readonly [number, number, number, number] | null {
  const [x, y] = [Math.max(0, minX), Math.max(0, minY)];
  const [width, height] = [Math.min(slide.width, maxX) - x, Math.min(slide.height, maxY) - y];
  return width >= 1 && height >= 1 ? [x, y, width, height] : null;
}

function failureOf(error: unknown): Failure {
  if (error instanceof Error && "failure" in error) return error.failure as Failure;
  return { code: "UNEXPECTED", message: error instanceof Error ? error.message : String(error) };
}
