/** A shape that somebody was in the middle of drawing: what a tool needs to go on with it. */
import type { Geometry, Position } from "./annotation";

export interface Unfinished {
  /** By which it goes on: a `ToolName`. */
  readonly tool: string;
  /** Set so far, in order; empty for an area that is painted. */
  readonly points: readonly Position[];
  /** What a brush has painted, or a box that was pulled open. */
  readonly area: Geometry | null;
  /** The annotation it is about, if it is about one. */
  readonly targetId: string | null;
}

/** What it looks like so far; `null` for a single point. */
export function outlineOfUnfinished({ points, area }: Unfinished): Geometry | null {
  if (area !== null) return area;
  return points.length < 2 ? null : { type: "LineString", coordinates: points };
}
