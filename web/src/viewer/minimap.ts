/** The whole slide in a corner with a frame around what is seen; a click or a drag in it moves the view. */
import type { Position } from "../model/annotation";
import type { SlideFacts } from "../model/slide";
import { type ScreenView, visibleCorners } from "./coordinates";

const LARGEST_WIDTH_PX = 168;
const LARGEST_HEIGHT_PX = 136;
const ACCENT = "#6a55e8";

export class Minimap {
  readonly element = document.createElement("div");
  private readonly canvas = document.createElement("canvas");
  private readonly image = new Image();
  /** Screen pixels of the minimap per level-0 pixel. */
  private readonly scale: number;
  private view: ScreenView | null = null;

  constructor(
    private readonly slide: SlideFacts,
    label: string,
    private readonly panTo: (position: Position) => void,
  ) {
    this.scale = Math.min(LARGEST_WIDTH_PX / slide.width, LARGEST_HEIGHT_PX / slide.height);
    const [width, height] = [Math.max(24, slide.width * this.scale), Math.max(24, slide.height * this.scale)];
    this.element.className = "coslide-minimap";
    this.element.dataset.testid = "minimap";
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.canvas.width = Math.round(width * devicePixelRatio);
    this.canvas.height = Math.round(height * devicePixelRatio);
    this.canvas.setAttribute("role", "img");
    this.element.append(this.canvas);
    this.setLabel(label);
    this.image.addEventListener("load", () => this.draw());
    this.image.src = slide.thumbnailUrl;
    this.canvas.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      this.canvas.setPointerCapture(event.pointerId);
      this.goTo(event);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (this.canvas.hasPointerCapture(event.pointerId)) this.goTo(event);
    });
  }

  setLabel(label: string): void {
    this.canvas.setAttribute("aria-label", label);
  }

  show(view: ScreenView): void {
    this.view = view;
    this.draw();
  }

  private goTo(event: PointerEvent): void {
    this.panTo([event.offsetX / this.scale, event.offsetY / this.scale]);
  }

  private draw(): void {
    const context = this.canvas.getContext("2d");
    if (context === null) return;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (this.image.complete && this.image.naturalWidth > 0) {
      context.imageSmoothingQuality = "high";
      context.drawImage(
        this.image,
        0,
        0,
        this.slide.width * this.scale * devicePixelRatio,
        this.slide.height * this.scale * devicePixelRatio,
      );
    }
    if (this.view === null) return;
    const ratio = this.scale * devicePixelRatio;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.beginPath();
    for (const [x, y] of visibleCorners(this.view)) context.lineTo(x, y);
    context.closePath();
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.fillStyle = "rgba(106, 85, 232, 0.12)";
    context.fill();
    context.strokeStyle = "rgba(255, 255, 255, 0.9)";
    context.lineWidth = 3.5;
    context.stroke();
    context.strokeStyle = ACCENT;
    context.lineWidth = 1.75;
    context.stroke();
  }
}
