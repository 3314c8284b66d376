/** A picture of the view: the map's canvases drawn over each other at the density of the screen. */

/**
 * The canvases within `mapElement` as a PNG of device pixels, on the background of `frame`, without others' cursors.
 *
 * @param size of the map in CSS pixels, `[width, height]`
 * @throws Error where the browser gives no canvas, or makes no PNG of it
 */
export async function snapshotOf(
  frame: HTMLElement,
  mapElement: HTMLElement,
  [width = 0, height = 0]: readonly number[],
): Promise<Blob> {
  const output = document.createElement("canvas");
  output.width = Math.round(width * devicePixelRatio);
  output.height = Math.round(height * devicePixelRatio);
  const context = output.getContext("2d");
  if (context === null)
    throw new Error("This browser gives no canvas to draw on, so no picture can be made of the view.");
  context.fillStyle = getComputedStyle(frame).backgroundColor;
  context.fillRect(0, 0, output.width, output.height);
  drawCanvases(context, mapElement, devicePixelRatio, (canvas) => !canvas.classList.contains("coslide-overlay"));
  return pngOf(output);
}

/** Draws the chosen ones of the map's canvases where they lie, at `density` pixels for each CSS pixel. */
export function drawCanvases(
  context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  mapElement: HTMLElement,
  density: number,
  chosen: (canvas: HTMLCanvasElement) => boolean,
): void {
  for (const canvas of mapElement.querySelectorAll("canvas")) {
    if (!chosen(canvas) || canvas.width === 0) continue;
    context.setTransform(...placeOf(canvas, context.canvas, density));
    context.drawImage(canvas, 0, 0);
  }
}

type Transform = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** Where a layer's canvas lies: OpenLayers says it by a CSS matrix, in CSS pixels; without one it covers everything. */
function placeOf(canvas: HTMLCanvasElement, output: HTMLCanvasElement | OffscreenCanvas, density: number): Transform {
  const matrix = /^matrix\((.*)\)$/.exec(canvas.style.transform)?.[1]?.split(",").map(Number);
  if (matrix === undefined) return [output.width / canvas.width, 0, 0, output.height / canvas.height, 0, 0];
  const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = matrix;
  return [a * density, b * density, c * density, d * density, e * density, f * density];
}

function pngOf(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => (blob === null ? reject(new Error("The browser could not make a PNG of the view.")) : resolve(blob)),
      "image/png",
    );
  });
}
