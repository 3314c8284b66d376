/** Annotations in and out as files; plain HTTP, since files never travel through GraphQL. */
import { type Failure, NETWORK_FAILURE, RequestFailed } from "../app/failure";

export const EXPORT_FORMATS = ["geojson", "asap", "imagescope", "coco", "csv", "mask"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

const IMPORT_TIMEOUT_MS = 120_000;

export const exportUrl = (slideId: string, format: ExportFormat): string => `/slides/${slideId}/export/${format}`;

export interface Imported {
  /** Annotations taken over. */
  readonly imported: number;
  /** Outlines that crossed themselves or were not closed, and are mended now. */
  readonly repairs: number;
}

/**
 * Sends a file of annotations to a slide; the server finds out its format.
 *
 * Throws `RequestFailed` with what is wrong with the file.
 */
export async function importAnnotations(slideId: string, file: File): Promise<Imported> {
  let response: Response;
  try {
    response = await fetch(`/slides/${slideId}/import?filename=${encodeURIComponent(file.name)}`, {
      method: "POST",
      body: file,
      headers: { "content-type": "application/octet-stream" },
      signal: AbortSignal.timeout(IMPORT_TIMEOUT_MS),
    });
  } catch {
    throw new RequestFailed(NETWORK_FAILURE);
  }
  const answer: ({ error?: Failure } & Partial<Imported>) | null = await response.json().catch(() => null);
  if (!response.ok || !answer) {
    throw new RequestFailed(
      answer?.error ?? { code: "INTERNAL_ERROR", message: `The server answered ${response.status}.` },
    );
  }
  return { imported: answer.imported ?? 0, repairs: answer.repairs ?? 0 };
}
