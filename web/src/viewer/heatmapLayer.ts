/** The prediction's heatmap over the slide, growing as tiles arrive. */
import { boundsOfPositions } from "../model/geometry";
import {
  DEFAULT_HEATMAP_STYLE,
  type Heatmap,
  type HeatmapStyle,
  type HeatmapTile,
  type Prediction,
  type SetAside,
} from "../model/prediction";
import type { Level } from "../model/slide";
import { CanvasLayer } from "./canvasLayer";
import { type ScreenView, screenFromLevel0, visibleCorners } from "./coordinates";
import { DEFAULT_PALETTE, type HeatmapPalette } from "./heatmapColors";
import { HeatmapBrush, type PlacedPiece } from "./heatmapPaint";
import { HeatmapTiles } from "./heatmapTiles";
import { rasterOf, type ViewRaster } from "./raster";

export class HeatmapLayer extends CanvasLayer {
  private tiles: HeatmapTiles | null = null;
  private predictionId: string | null = null;
  private setAside: readonly SetAside[] = [];
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
    this.setAside = prediction?.setAside ?? [];
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

  /** The probabilities in the view, as far as they are here; `null` while no heatmap is shown. */
  raster(view: ScreenView): ViewRaster | null {
    const { tiles } = this;
    const shown = tiles === null || !this.style.visible ? null : tilesInView(tiles.heatmap, view);
    if (tiles === null || shown === null) return null;
    const { level, side, columns, rows } = shown;
    return rasterOf(view, (context) => {
      // Probabilities are not mixed: neighbouring codes would give a third.
      context.imageSmoothingEnabled = false;
      context.setTransform(...screenFromLevel0(view));
      for (let row = rows[0]; row <= rows[1]; row++)
        for (let column = columns[0]; column <= columns[1]; column++) {
          const raw = tiles.raw(level.index, column, row);
          if (raw === null) continue;
          const picture = new OffscreenCanvas(raw.width, raw.height);
          picture.getContext("2d")?.putImageData(raw, 0, 0);
          const [width, height] = [raw.width * level.downsample, raw.height * level.downsample];
          context.drawImage(picture, column * side, row * side, width, height);
        }
    });
  }

  close(): void {
    this.tiles?.close();
    this.tiles = null;
    this.predictionId = null;
  }

  protected override draw(context: CanvasRenderingContext2D, view: ScreenView, pixelRatio: number): void {
    if (this.tiles === null || !this.style.visible || this.style.opacity === 0) return;
    const shown = tilesInView(this.tiles.heatmap, view);
    if (shown === null) return;
    const { level, side, columns, rows } = shown;

    const pieces: PlacedPiece[] = [];
    for (let row = rows[0]; row <= rows[1]; row++) {
      for (let column = columns[0]; column <= columns[1]; column++) {
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
    this.crossOut(context, view, pixelRatio);
  }

  /** A frame with a cross through each part that the result lacks: nobody should take it for tissue without cancer. */
  private crossOut(context: CanvasRenderingContext2D, view: ScreenView, pixelRatio: number): void {
    if (this.setAside.length === 0) return;
    const [a, b, c, d, e, f] = screenFromLevel0(view);
    const onScreen = (x: number, y: number) => [a * x + c * y + e, b * x + d * y + f] as const;
    context.save();
    context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
    context.setLineDash([6, 4]);
    context.beginPath();
    for (const { region } of this.setAside) {
      const [x = 0, y = 0, width = 0, height = 0] = region;
      const corners = [
        onScreen(x, y),
        onScreen(x + width, y),
        onScreen(x + width, y + height),
        onScreen(x, y + height),
      ] as const;
      for (const [from, to] of CROSSED) {
        context.moveTo(...corners[from]);
        context.lineTo(...corners[to]);
      }
    }
    for (const [color, width] of CROSS_STROKES) {
      context.strokeStyle = color;
      context.lineWidth = width;
      context.stroke();
    }
    context.restore();
  }
}

interface TilesInView {
  readonly level: Level;
  /** Of a tile, in level-0 pixels. */
  readonly side: number;
  /** First and last. */
  readonly columns: readonly [number, number];
  readonly rows: readonly [number, number];
}

function tilesInView(heatmap: Heatmap, view: ScreenView): TilesInView | null {
  const level = levelFor(heatmap.levels, view.downsample);
  if (level === undefined) return null;
  const [minX, minY, maxX, maxY] = boundsOfPositions(visibleCorners(view));
  const side = heatmap.tileSize * level.downsample;
  const between = (from: number, to: number, count: number): [number, number] => [
    Math.max(0, Math.floor(from / side)),
    Math.min(count - 1, Math.floor(to / side)),
  ];
  return { level, side, columns: between(minX, maxX, level.columns), rows: between(minY, maxY, level.rows) };
}

/** The sides and diagonals of a rectangle, by its corners. */
const CROSSED = [
  [0, 1],
  [1, 2],
  [2, 3],
  [3, 0],
  [0, 2],
  [1, 3],
] as const;
/** Dark on light, so that it shows on any tissue. */
const CROSS_STROKES = [
  ["rgba(255, 255, 255, 0.85)", 3],
  ["#3c3947", 1.25],
] as const;

/** The coarsest level that still has a pixel for every screen pixel, or the finest. */
function levelFor(levels: readonly Level[], downsample: number): Level | undefined {
  const finestFirst = [...levels].sort((x, y) => x.downsample - y.downsample);
  return finestFirst.findLast((level) => level.downsample <= downsample * 1.5) ?? finestFirst[0];
}
