/** A slide as the viewer needs it. */

export interface Level {
  /** 0 is full resolution. */
  readonly index: number;
  readonly width: number;
  readonly height: number;
  /** Level-0 pixels per pixel of this level. */
  readonly downsample: number;
  readonly columns: number;
  readonly rows: number;
}

export interface TileSource {
  /** Contains `{level}`, `{column}` and `{row}`. */
  readonly urlTemplate: string;
  readonly tileSize: number;
  /** Where the file's colour profile is; absent when it has none. */
  readonly iccUrl?: string | null;
  readonly levels: readonly Level[];
  readonly grant: string;
  readonly grantExpiresAt: string;
}

export interface SlideFacts {
  readonly id: string;
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Micrometres per level-0 pixel; `null` when the file does not say. */
  readonly mppX: number | null;
  readonly mppY: number | null;
  readonly objectivePower: number | null;
  readonly thumbnailUrl: string;
  readonly tileSource: TileSource;
}
