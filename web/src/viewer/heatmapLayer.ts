/** The prediction's heatmap over the slide, growing as tiles arrive. */
import { boundsOfPositions } from "../model/geometry";
import { DEFAULT_HEATMAP_STYLE, type HeatmapStyle, type HeatmapTile, type Prediction } from "../model/prediction";
import type { Level } from "../model/slide";
import { CanvasLayer } from "./canvasLayer";
import { type ScreenView, visibleCorners } from "./coordinates";
import { DEFAULT_PALETTE, type HeatmapPalette } from "./heatmapColors";
import { HeatmapBrush, type PlacedPiece } from "./heatmapPaint";
import { HeatmapTiles } from "./heatmapTiles";

export class HeatmapLayer extends CanvasLayer {
  private tiles: HeatmapTiles | null = null;
  private predictionId: string | null = null;
  private style: HeatmapStyle = DEFAULT_HEATMAP_STYLE;
  private palette: HeatmapPalette = DEFAULT_PALETTE;
  private readonly brush = new HeatmapBrush();

  constructor() {
    super("coslide-heatmap", 10);
  }

  /**
   * Shows a prediction's heatmap, or none; the same prediction again only brings it up to date.
   *
   * `sinceVersion` is from when on we have been told of every tile: 0 for one watched from its start, of which no tile need be guessed.
   */
  show(prediction: Prediction | null, sinceVersion: number): void {
    const heatmap = prediction?.heatmap ?? null;
    if (prediction === null || heatmap === null) {
      this.close();
    } else if (this.predictionId !== prediction.id || this.tiles === null) {
      this.close();
      this.predictionId = prediction.id;
      this.tiles = new HeatmapTiles(heatmap, sinceVersion, () => this.changed());
      this.tiles.setStyle(this.style, this.palette);
    }
    this.changed();
  }

  noteChanged(predictionId: string, tiles: readonly HeatmapTile[]): void {
    if (predictionId !== this.predictionId) return;
    this.tiles?.noteChanged(tiles);
    this.changed();
  }

  /** After news were missed. */
  renew(prediction: Prediction): void {
    if (prediction.id !== this.predictionId) return;
    this.tiles?.renew(prediction.heatmapVersion);
    this.changed();
  }

  setStyle(style: HeatmapStyle, palette: HeatmapPalette = this.palette): void {
    this.style = style;
    this.palette = palette;
    this.tiles?.setStyle(style, palette);
    this.changed();
  }

  close(): void {
    this.tiles?.close();
    this.tiles = null;
    this.predictionId = null;
  }

  protected override draw(context: CanvasRenderingContext2D, view: ScreenView, pixelRatio: number): void {
    if (this.tiles === null || !this.style.visible || this.style.opacity === 0) return;
    const { heatmap } = this.tiles;
    const level = levelFor(heatmap.levels, view.downsample);
    if (level === undefined) return;
    const [minX, minY, maxX, maxY] = boundsOfPositions(visibleCorners(view));
    const side = heatmap.tileSize * level.downsample;
    const [firstColumn, lastColumn] = [
      Math.max(0, Math.floor(minX / side)),
      Math.min(level.columns - 1, Math.floor(maxX / side)),
    ];
    const [firstRow, lastRow] = [
      Math.max(0, Math.floor(minY / side)),
      Math.min(level.rows - 1, Math.floor(maxY / side)),
    ];

    const pieces: PlacedPiece[] = [];
    for (let row = firstRow; row <= lastRow; row++) {
      for (let column = firstColumn; column <= lastColumn; column++) {
        const tile = this.tiles.tile(level.index, column, row);
        if (tile === null) continue;
        const place = { x: column * side, y: row * side };
        pieces.push({
          ...tile,
          ...place,
          width: tile.classes.width * level.downsample,
          height: tile.classes.height * level.downsample,
        });
      }
    }
    const look = { opacity: this.style.opacity, unsure: this.palette.unsure };
    this.brush.paint(context, pieces, view, pixelRatio, look);
  }
}

/** The coarsest level that still has a pixel for every screen pixel, or the finest. */
function levelFor(levels: readonly Level[], downsample: number): Level | undefined {
  const finestFirst = [...levels].sort((x, y) => x.downsample - y.downsample);
  return finestFirst.findLast((level) => level.downsample <= downsample * 1.5) ?? finestFirst[0];
}
