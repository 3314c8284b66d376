/** The slide's tiles: the server's own grid, one OpenLayers zoom for each level of the pyramid, nothing resampled on the way. */
import TileLayer from "ol/layer/Tile";
import Projection from "ol/proj/Projection";
import ImageTile from "ol/source/ImageTile";
import TileGrid from "ol/tilegrid/TileGrid";
import type { SlideFacts, TileSource } from "../model/slide";
import { ColouredTiles } from "../sync/tiles";
import { mapExtentFromLevel0 } from "./coordinates";

/** Rather the finer level unless the coarser one is within 15 % of the view: an enlarged tile is blurred, a reduced one is not. */
const LARGEST_ENLARGEMENT = 1.15;

export function slideProjection(slide: SlideFacts): Projection {
  return new Projection({
    code: `slide:${slide.id}`,
    units: "pixels",
    extent: mapExtentFromLevel0([0, 0, slide.width, slide.height]),
  });
}

/** Address of one tile, by level (0 = full resolution). */
export function tileUrl(source: TileSource, level: number, column: number, row: number): string {
  return source.urlTemplate
    .replace("{level}", String(level))
    .replace("{column}", String(column))
    .replace("{row}", String(row));
}

/**
 * The source of tiles for a screen of `pixelRatio` device pixels per CSS pixel.
 *
 * OpenLayers counts resolutions in CSS pixels, so on a dense screen the grid says of every level that it is as much coarser: a level is then
 * chosen, and drawn, at one image pixel per device pixel.
 */
export function slideTiles(projection: Projection, tiles: TileSource, pixelRatio: number): ImageTile {
  const coarsestFirst = [...tiles.levels].sort((a, b) => b.downsample - a.downsample);
  const coloured = new ColouredTiles(tiles.iccUrl ?? null);
  const grid = new TileGrid({
    extent: projection.getExtent(),
    origin: [0, 0],
    resolutions: coarsestFirst.map((level) => level.downsample * pixelRatio),
    sizes: coarsestFirst.map((level) => [level.columns, level.rows]),
    tileSize: tiles.tileSize / pixelRatio,
  });
  return new ImageTile({
    projection,
    tileGrid: grid,
    tileSize: tiles.tileSize,
    wrapX: false,
    transition: 120,
    interpolate: true,
    zDirection: (resolution, coarser) => (coarser <= resolution * LARGEST_ENLARGEMENT ? 1 : -1),
    loader: async (z, column, row, { signal }) => {
      const level = coarsestFirst[z];
      if (level === undefined)
        throw new RangeError(`The slide has ${coarsestFirst.length} levels; there is none for zoom ${z}.`);
      const url = tileUrl(tiles, level.index, column, row);
      const image = await coloured.fetch(url, signal);
      if (image === null) throw new Error(`${url} does not exist, though the slide's grid has it.`);
      // Tiles at the right and lower edge come cropped; cutting a full square out of them pads the rest transparently.
      return createImageBitmap(image, 0, 0, tiles.tileSize, tiles.tileSize);
    },
  });
}

/** The layer; beyond one image pixel per device pixel it shows the pixels as squares, as a microscopist counts on. */
export function slideLayer(source: ImageTile): TileLayer<ImageTile> {
  const layer = new TileLayer({ source, preload: 1, className: "coslide-tiles" });
  layer.on("prerender", (event) => {
    const context = event.context;
    const frame = event.frameState;
    if (!(context instanceof CanvasRenderingContext2D) || frame === undefined) return;
    context.imageSmoothingEnabled = frame.viewState.resolution * frame.pixelRatio > 0.5;
    context.imageSmoothingQuality = "high";
  });
  return layer;
}
