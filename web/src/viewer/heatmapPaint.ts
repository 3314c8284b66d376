/** Draws coloured probabilities over the slide: classes as they are, what the model is unsure of in stripes. */
import type { HeatmapStyle } from "../model/prediction";
import { hatch } from "./color";
import { type ScreenView, screenFromLevel0 } from "./coordinates";
import { colorHeatmap, type HeatmapPalette } from "./heatmapColors";

/** A piece that is ready to be drawn; pixels of the model, `null` where it is unsure of nothing. */
export interface ColouredPiece {
  readonly classes: HTMLCanvasElement;
  readonly unsure: HTMLCanvasElement | null;
}

/** A piece and where it lies, in level-0 pixels. */
export interface PlacedPiece extends ColouredPiece {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export function colouredPiece(raw: ImageData, style: HeatmapStyle, palette: HeatmapPalette): ColouredPiece {
  const { classes, unsure } = colorHeatmap(raw.data, style, palette);
  return {
    classes: canvasOf(classes, raw.width, raw.height),
    unsure: unsure === null ? null : canvasOf(unsure, raw.width, raw.height),
  };
}

/** The pixels as they are in the file: no colour management, no premultiplied alpha. */
export async function rawPixels(png: Blob): Promise<ImageData> {
  const bitmap = await createImageBitmap(png, { premultiplyAlpha: "none", colorSpaceConversion: "none" });
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("This browser gives no canvas to read the heatmap with.");
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

export class HeatmapBrush {
  private readonly hatching = document.createElement("canvas");

  paint(
    context: CanvasRenderingContext2D,
    pieces: readonly PlacedPiece[],
    view: ScreenView,
    pixelRatio: number,
    look: { readonly opacity: number; readonly unsure: string },
  ): void {
    const [a, b, c, d, e, f] = screenFromLevel0(view).map((value) => value * pixelRatio) as [
      ...[number, number, number, number, number, number],
    ];
    context.save();
    context.globalAlpha = look.opacity;
    context.imageSmoothingQuality = "medium";
    context.setTransform(a, b, c, d, e, f);
    for (const { classes, x, y, width, height } of pieces) context.drawImage(classes, x, y, width, height);
    context.restore();
    const striped = pieces.filter(({ unsure }) => unsure !== null);
    if (striped.length === 0) return;

    // Stripes belong to the screen, not to the slide: paint the mask, keep the stripes where it is, and lay the result over.
    const mask = this.hatching;
    mask.width = context.canvas.width;
    mask.height = context.canvas.height;
    const maskContext = mask.getContext("2d");
    if (maskContext === null) return;
    maskContext.setTransform(a, b, c, d, e, f);
    for (const { unsure, x, y, width, height } of striped) {
      if (unsure !== null) maskContext.drawImage(unsure, x, y, width, height);
    }
    maskContext.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
    maskContext.globalCompositeOperation = "source-in";
    maskContext.fillStyle = hatch(look.unsure, 1);
    maskContext.fillRect(0, 0, view.width, view.height);
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalAlpha = Math.min(1, look.opacity * 1.8);
    context.drawImage(mask, 0, 0);
    context.restore();
  }
}

function canvasOf(data: Uint8ClampedArray<ArrayBuffer>, width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d")?.putImageData(new ImageData(data, width, height), 0, 0);
  return canvas;
}
