/** What a tool shows while it works: drawn above everything, at the pointer's pace. */
import type { Geometry, Position } from "../model/annotation";

export interface Handle {
  readonly position: Position;
  readonly kind: "vertex" | "midpoint" | "corner" | "turn";
  readonly active: boolean;
}

export interface Sketch {
  readonly geometries: readonly Geometry[];
  readonly color: string;
  readonly hatched: boolean;
  /** `false` leaves the inside clear, as for an outline not yet closed. */
  readonly filled: boolean;
  readonly handles: readonly Handle[];
  /** A small plate with a measure. */
  readonly label: { readonly position: Position; readonly text: string } | null;
  /** A box being pulled open to select. */
  readonly marquee: readonly Position[] | null;
  /** The box around what is selected, with its handles. */
  readonly frame: readonly Position[] | null;
  /** Small plates beside places, as the numbers of what is counted. */
  readonly marks: readonly { readonly position: Position; readonly text: string }[];
}

export const EMPTY_SKETCH: Sketch = {
  geometries: [],
  color: "#8f7bff",
  hatched: false,
  filled: true,
  handles: [],
  label: null,
  marquee: null,
  frame: null,
  marks: [],
};
