/** What is seen, as pixels to calculate with. */
import type { Raster } from "../model/wand";
import { type Affine, level0FromScreen, type ScreenView, screenFromLevel0 } from "./coordinates";
import { drawCanvases } from "./snapshot";

/** A picture of the view, one pixel for each CSS pixel, and the ways between it and the slide. */
export interface ViewRaster extends Raster {
  readonly level0FromPixel: Affine;
  readonly pixelFromLevel0: Affine;
}

/** The slide's own tiles as they are on the screen, without anything that lies over them. */
export function slideRaster(mapElement: HTMLElement, view: ScreenView): ViewRaster {
  return rasterOf(view, (context) =>
    drawCanvases(context, mapElement, 1, (canvas) => canvas.closest(".coslide-tiles") !== null),
  );
}

/**
 * A picture that `draw` makes in CSS pixels.
 *
 * @throws Error where the browser gives no canvas
 */
export function rasterOf(view: ScreenView, draw: (context: OffscreenCanvasRenderingContext2D) => void): ViewRaster {
  const [width, height] = [Math.max(1, Math.round(view.width)), Math.max(1, Math.round(view.height))];
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("This browser gives no canvas to read the slide with.");
  draw(context);
  const { data } = context.getImageData(0, 0, width, height);
  return { data, width, height, level0FromPixel: level0FromScreen(view), pixelFromLevel0: screenFromLevel0(view) };
}
