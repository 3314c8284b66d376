/** From probabilities to colours: pure, so that threshold and class switches act within one frame and can be tested without a browser. */
import type { HeatmapStyle } from "../model/prediction";
import { channels } from "./color";

export interface HeatmapPalette {
  /** `#rrggbb` of the class the model looks for, of benign epithelium, and of what it is unsure about. */
  readonly positive: string;
  readonly benign: string;
  readonly unsure: string;
}

export const DEFAULT_PALETTE: HeatmapPalette = { positive: "#d7263d", benign: "#4a8fd1", unsure: "#f0b44c" };

const UNSURE_FROM = 128;

export interface ColoredPixels {
  /** Positive and benign, coloured; the rest transparent. RGBA, row by row. */
  readonly classes: Uint8ClampedArray<ArrayBuffer>;
  /** White where unsure, transparent elsewhere; `null` when nowhere. */
  readonly unsure: Uint8ClampedArray<ArrayBuffer> | null;
}

/**
 * Colours one heatmap tile.
 *
 * `raw` is RGBA: R the positive class, G benign epithelium, each probability times 255; B how unsure the model is; A 0 where nothing
 * was inferred. Unsure is shown where the positive class would be: elsewhere nobody relies on the model.
 * Alpha grows from 60 % at the threshold to 100 % at certainty; the layer's opacity comes on top.
 */
export function colorHeatmap(raw: Uint8ClampedArray, style: HeatmapStyle, palette: HeatmapPalette): ColoredPixels {
  const classes = new Uint8ClampedArray(raw.length);
  let unsure: Uint8ClampedArray<ArrayBuffer> | null = null;
  const from = Math.max(1, Math.round(style.threshold * 255));
  const [positive, benign] = [channels(palette.positive), channels(palette.benign)];
  for (let i = 0; i < raw.length; i += 4) {
    if ((raw[i + 3] ?? 0) < 128) continue;
    const [positiveP, benignP] = [raw[i] ?? 0, raw[i + 1] ?? 0];
    const isUnsure = positiveP >= from && (raw[i + 2] ?? 0) >= UNSURE_FROM;
    if (isUnsure && style.classes.unsure) {
      unsure ??= new Uint8ClampedArray(raw.length);
      unsure.fill(255, i, i + 4);
    } else if (style.classes.positive && positiveP >= from && !isUnsure) {
      paint(classes, i, positive, positiveP, from);
    } else if (style.classes.benign && benignP >= from) {
      paint(classes, i, benign, benignP, from);
    }
  }
  return { classes, unsure };
}

function paint(
  target: Uint8ClampedArray,
  i: number,
  color: readonly [number, number, number],
  value: number,
  from: number,
): void {
  target[i] = color[0];
  target[i + 1] = color[1];
  target[i + 2] = color[2];
  target[i + 3] = from >= 255 ? 255 : 153 + (102 * (value - from)) / (255 - from);
}
