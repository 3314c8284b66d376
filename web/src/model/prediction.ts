import type { PersonRef, Position } from "./annotation";
import type { Failure } from "./failure";
import type { Level } from "./slide";

export type PredictionStatus = "QUEUED" | "RUNNING" | "SUCCEEDED" | "FAILED" | "CANCELLED";

export interface Heatmap {
  readonly tileSize: number;
  /** `downsample` is against the slide's level 0. */
  readonly levels: readonly Level[];
  /** Contains `{level}`, `{column}`, `{row}` and `{version}`. */
  readonly urlTemplate: string;
}

/** One tile of the heatmap that is new or has changed. */
export interface HeatmapTile {
  readonly level: number;
  readonly column: number;
  readonly row: number;
  readonly version: number;
}

/** A part of the slide that is missing in a result. */
export interface SetAside {
  /** `[x, y, width, height]` in level-0 pixels. */
  readonly region: readonly number[];
  readonly failure: Failure;
}

export interface Prediction {
  readonly id: string;
  readonly slideId: string;
  readonly model: string;
  readonly modelVersion: string;
  readonly status: PredictionStatus;
  readonly region: readonly number[] | null;
  readonly threshold: number;
  /** Patches done, and of how many; the total is unknown until tissue is found. */
  readonly done: number;
  readonly total: number | null;
  readonly etaSeconds: number | null;
  readonly queuePlace: number | null;
  readonly mpPerS: number | null;
  readonly tissueMm2: number | null;
  readonly cancerMm2: number | null;
  /** What would be cancer, but does not look like the model's training. */
  readonly unsureMm2: number | null;
  readonly polygons: number | null;
  readonly seconds: number | null;
  readonly error: string | null;
  readonly setAside: readonly SetAside[];
  /** Why it failed, with a code for translating. */
  readonly failure: Failure | null;
  /** What it waits for at the moment, such as room on the disk. */
  readonly waitsFor: Failure | null;
  readonly layerId: string | null;
  readonly heatmap: Heatmap | null;
  readonly heatmapVersion: number;
  readonly requestedBy: PersonRef | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

/** What a model sees in one view, asked for at once. */
export interface Glimpse {
  /** RGBA as heatmap tiles are. */
  readonly png: Blob;
  /** Of its top left corner, in level-0 pixels. */
  readonly origin: Position;
  /** Level-0 pixels per pixel of the picture. */
  readonly downsample: number;
  readonly threshold: number;
  /** Name and version. */
  readonly model: string;
}

/** How the heatmap is shown; all of it acts in the client, at once. */
export interface HeatmapStyle {
  readonly visible: boolean;
  /** 0..1: probability from which a pixel is coloured. */
  readonly threshold: number;
  /** 0..1. */
  readonly opacity: number;
  readonly classes: { readonly positive: boolean; readonly benign: boolean; readonly unsure: boolean };
}

export const DEFAULT_HEATMAP_STYLE: HeatmapStyle = {
  visible: true,
  threshold: 0.5,
  opacity: 0.35,
  classes: { positive: true, benign: false, unsure: true },
};
