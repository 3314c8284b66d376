/** What the model sees in one view, drawn as a heatmap is, with a frame around what was asked. */
import { DEFAULT_HEATMAP_STYLE, type Glimpse, type HeatmapStyle } from "../model/prediction";
import { CanvasLayer } from "./canvasLayer";
import { applyAffine, type ScreenView, screenFromLevel0 } from "./coordinates";
import { DEFAULT_PALETTE, type HeatmapPalette } from "./heatmapColors";
import { type ColouredPiece, colouredPiece, HeatmapBrush, rawPixels } from "./heatmapPaint";

const FRAME = "#ff7aa8";

export class GlimpseLayer extends CanvasLayer {
  private readonly brush = new HeatmapBrush();
  private glimpse: Glimpse | null = null;
  private raw: ImageData | null = null;
  private coloured: ColouredPiece | null = null;
  private style: HeatmapStyle = DEFAULT_HEATMAP_STYLE;
  private palette: HeatmapPalette = DEFAULT_PALETTE;

  constructor() {
    super("coslide-glimpse", 12);
  }

  /** Replaces what is shown; `null` for nothing. Throws when the picture is none. */
  async show(glimpse: Glimpse | null): Promise<void> {
    const raw = glimpse === null ? null : await rawPixels(glimpse.png);
    this.glimpse = glimpse;
    this.raw = raw;
    this.coloured = null;
    this.changed();
  }

  setStyle(style: HeatmapStyle, palette: HeatmapPalette = this.palette): void {
    this.style = style;
    this.palette = palette;
    this.coloured = null;
    this.changed();
  }

  protected override draw(context: CanvasRenderingContext2D, view: ScreenView, pixelRatio: number): void {
    const { glimpse, raw, style, palette } = this;
    if (glimpse === null || raw === null || !style.visible) return;
    this.coloured ??= colouredPiece(raw, style, palette);
    const [x, y] = glimpse.origin;
    const [width, height] = [raw.width * glimpse.downsample, raw.height * glimpse.downsample];
    const look = { opacity: style.opacity, unsure: palette.unsure };
    this.brush.paint(context, [{ ...this.coloured, x, y, width, height }], view, pixelRatio, look);
    const toScreen = screenFromLevel0(view);
    context.beginPath();
    for (const [cornerX, cornerY] of [
      [x, y],
      [x + width, y],
      [x + width, y + height],
      [x, y + height],
    ] as const)
      context.lineTo(...applyAffine(toScreen, [cornerX, cornerY]));
    context.closePath();
    context.setLineDash([7, 5]);
    context.lineWidth = 1.5;
    context.strokeStyle = FRAME;
    context.stroke();
    context.setLineDash([]);
  }
}
