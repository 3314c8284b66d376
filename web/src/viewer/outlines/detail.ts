/** How much of the outlines is drawn at a view: each of them, a point for each, or how many there are. Pure. */
import type { Bounds } from "../../model/annotation";
import { boundsOfPositions } from "../../model/geometry";
import { chunksIn, type OutlineChunks } from "../../model/outlineChunks";
import { sizeOf } from "../../model/outlinePlaces";
import type { OutlineFacts } from "../../model/outlines";
import { type ScreenView, visibleCorners } from "../coordinates";

/** What one frame may hold. */
export interface Budget {
  readonly outlinePoints: number;
  readonly objects: number;
}

/** A graphics card does much more; this is what a processor that stands in for one does between two frames. */
export const WEBGL_BUDGET: Budget = { outlinePoints: 120_000, objects: 40_000 };
export const CANVAS_BUDGET: Budget = { outlinePoints: 40_000, objects: 12_000 };

/** Outlines smaller than this on the screen are points. */
const SMALLEST_OUTLINE_PX = 4;
/** A cell of the density picture on the screen, at least. */
const SMALLEST_CELL_PX = 2;

export type Detail =
  | { readonly kind: "outlines"; readonly chunks: readonly number[]; readonly typicalPx: number }
  | { readonly kind: "points"; readonly chunks: readonly number[] }
  /** `grid` is an index into `density.grids`. */
  | { readonly kind: "density"; readonly grid: number };

export function detailAt(facts: OutlineFacts, view: ScreenView, budget: Budget): Detail {
  const chunks = chunksIn(facts.chunks, viewBounds(view));
  const { starts, points } = facts.chunks;
  let [objects, outlinePoints] = [0, 0];
  for (const c of chunks) {
    objects += (starts[c + 1] ?? 0) - (starts[c] ?? 0);
    outlinePoints += points[c] ?? 0;
  }
  const typicalPx = typicalSize(facts) / view.downsample;
  if (typicalPx >= SMALLEST_OUTLINE_PX && outlinePoints <= budget.outlinePoints)
    return { kind: "outlines", chunks, typicalPx };
  if (objects <= budget.objects) {
    // Few, and yet too many points: large and detailed outlines. They are what they are.
    return typicalPx >= 4 * SMALLEST_OUTLINE_PX ? { kind: "outlines", chunks, typicalPx } : { kind: "points", chunks };
  }
  const { grids } = facts.density;
  const fine = grids.findIndex(({ cell }) => cell / view.downsample >= SMALLEST_CELL_PX);
  return { kind: "density", grid: fine < 0 ? grids.length - 1 : fine };
}

export function viewBounds(view: ScreenView): Bounds {
  return boundsOfPositions(visibleCorners(view));
}

/** Level-0 pixels: the longer side of the box of a middling outline. */
export function typicalSize({ objects, bySize }: OutlineFacts): number {
  const middle = bySize[bySize.length >> 1];
  return middle === undefined ? 0 : sizeOf(objects.bounds, middle);
}

/** Neighbouring chunks as few runs, each from a first to behind a last, since their members lie one after the other. */
export function runsOf({ starts }: OutlineChunks, chunks: readonly number[]): readonly (readonly [number, number])[] {
  const runs: [number, number][] = [];
  for (const c of chunks) {
    const [from, to] = [starts[c] ?? 0, starts[c + 1] ?? 0];
    const last = runs[runs.length - 1];
    if (last !== undefined && last[1] === from) last[1] = to;
    else runs.push([from, to]);
  }
  return runs;
}
