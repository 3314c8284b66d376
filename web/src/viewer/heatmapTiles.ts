/** Fetches, keeps and colours heatmap tiles. A tile is fetched when it is looked at, and again when the server tells of a newer one. */
import { DEFAULT_HEATMAP_STYLE, type Heatmap, type HeatmapStyle, type HeatmapTile } from "../model/prediction";
import { fetchTile } from "../sync/tiles";
import { DEFAULT_PALETTE, type HeatmapPalette } from "./heatmapColors";
import { type ColouredPiece, colouredPiece, rawPixels } from "./heatmapPaint";

const LARGEST_CACHE = 400;
const FETCHES_AT_ONCE = 6;

interface CachedTile {
  readonly version: number;
  readonly raw: ImageData | null;
  drawable: ColouredPiece | null;
  coloredAt: number;
}

export class HeatmapTiles {
  private readonly cache = new Map<string, CachedTile>();
  private readonly versions = new Map<string, number>();
  private readonly underWay = new Map<string, number>();
  private readonly closing = new AbortController();
  private waiting: (() => void)[] = [];
  private style: HeatmapStyle = DEFAULT_HEATMAP_STYLE;
  private palette: HeatmapPalette = DEFAULT_PALETTE;
  private styleRevision = 0;

  constructor(
    readonly heatmap: Heatmap,
    /** The version every tile has at least; 0 when there are only tiles that we were told of. */
    private baseVersion: number,
    private readonly onArrived: () => void,
  ) {}

  setStyle(style: HeatmapStyle, palette: HeatmapPalette): void {
    const { threshold, classes } = this.style;
    if (
      threshold === style.threshold &&
      JSON.stringify(classes) === JSON.stringify(style.classes) &&
      palette === this.palette
    ) {
      this.style = style;
      return;
    }
    this.style = style;
    this.palette = palette;
    this.styleRevision++;
  }

  /** Tells of tiles that are new; the ones in view are fetched at the next drawing. */
  noteChanged(tiles: readonly HeatmapTile[]): void {
    for (const { level, column, row, version } of tiles) {
      const key = keyOf(level, column, row);
      this.versions.set(key, Math.max(version, this.versions.get(key) ?? 0));
    }
  }

  /** After a gap in the news: whatever is older than `version` is asked for again. */
  renew(version: number): void {
    this.baseVersion = Math.max(this.baseVersion, version);
    this.versions.clear();
  }

  /** The tile as it can be drawn now: an older one while a newer is under way, `null` when there is none. */
  tile(level: number, column: number, row: number): ColouredPiece | null {
    const key = keyOf(level, column, row);
    const wanted = this.versions.get(key) ?? this.baseVersion;
    const cached = this.cache.get(key);
    if (wanted > (cached?.version ?? 0)) this.request(key, level, column, row, wanted);
    if (cached?.raw == null) return null;
    this.cache.delete(key);
    this.cache.set(key, cached);
    if (cached.drawable === null || cached.coloredAt !== this.styleRevision) {
      cached.drawable = colouredPiece(cached.raw, this.style, this.palette);
      cached.coloredAt = this.styleRevision;
    }
    return cached.drawable;
  }

  /** The probabilities of a tile as the server coded them; `null` when it is not here (yet). */
  raw(level: number, column: number, row: number): ImageData | null {
    return this.cache.get(keyOf(level, column, row))?.raw ?? null;
  }

  close(): void {
    this.closing.abort();
    this.waiting = [];
    this.cache.clear();
  }

  private request(key: string, level: number, column: number, row: number, version: number): void {
    if ((this.underWay.get(key) ?? -1) >= version || this.closing.signal.aborted) return;
    this.underWay.set(key, version);
    const start = () => {
      void this.fetch(key, level, column, row, version).finally(() => {
        if (this.underWay.get(key) === version) this.underWay.delete(key);
        this.waiting.shift()?.();
      });
    };
    if (this.underWay.size <= FETCHES_AT_ONCE) start();
    else this.waiting.push(start);
  }

  private async fetch(key: string, level: number, column: number, row: number, version: number): Promise<void> {
    const url = this.heatmap.urlTemplate
      .replace("{level}", String(level))
      .replace("{column}", String(column))
      .replace("{row}", String(row))
      .replace("{version}", String(version));
    let raw: ImageData | null;
    try {
      const png = await fetchTile(url, this.closing.signal);
      // None: nothing was inferred there (yet).
      raw = png === null ? null : await rawPixels(png);
    } catch {
      return; // closed, or the line is down: asked for again at a later drawing
    }
    const newest = this.cache.get(key);
    if (newest !== undefined && newest.version > version) return;
    this.cache.set(key, { version, raw, drawable: null, coloredAt: -1 });
    if (this.cache.size > LARGEST_CACHE) {
      const oldest = this.cache.keys().next().value;
      if (oldest !== undefined) this.cache.delete(oldest);
    }
    this.onArrived();
  }
}

function keyOf(level: number, column: number, row: number): string {
  return `${level}/${column}_${row}`;
}
