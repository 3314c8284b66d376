/** A map layer that is one canvas, redrawn each frame by ourselves in screen pixels. */
import Layer from "ol/layer/Layer";
import type { FrameState } from "ol/Map";
import Source from "ol/source/Source";
import { level0FromMap, type ScreenView } from "./coordinates";

export abstract class CanvasLayer extends Layer<Source> {
  protected readonly canvas = document.createElement("canvas");
  /** Around the canvas, since OpenLayers draws the next layer into a bare one. */
  protected readonly element = document.createElement("div");

  constructor(className: string, zIndex: number) {
    super({ source: new Source({}), zIndex });
    this.canvas.className = className;
    for (const { style } of [this.element, this.canvas]) {
      style.cssText = "position:absolute;inset:0;width:100%;height:100%;pointer-events:none";
    }
    this.element.append(this.canvas);
  }

  /**
   * Draws in CSS pixels; the context is already scaled to the screen's density and cleared.
   *
   * `moving` while the view is dragged, wheeled or animated: another frame follows at once.
   */
  protected abstract draw(
    context: CanvasRenderingContext2D,
    view: ScreenView,
    pixelRatio: number,
    moving: boolean,
  ): void;

  override render(frame: FrameState): HTMLElement {
    const [width = 0, height = 0] = frame.size;
    const ratio = frame.pixelRatio;
    const [deviceWidth, deviceHeight] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.canvas.width !== deviceWidth || this.canvas.height !== deviceHeight) {
      this.canvas.width = deviceWidth;
      this.canvas.height = deviceHeight;
    }
    const context = this.canvas.getContext("2d");
    if (context !== null) {
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, deviceWidth, deviceHeight);
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      const moving = frame.viewHints.some((hint) => hint > 0);
      this.draw(context, screenViewOf(frame), ratio, moving);
    }
    return this.element;
  }
}

export function screenViewOf(frame: FrameState): ScreenView {
  const { center, resolution, rotation } = frame.viewState;
  const [width = 0, height = 0] = frame.size;
  return { center: level0FromMap(center), downsample: resolution, rotation, width, height };
}
