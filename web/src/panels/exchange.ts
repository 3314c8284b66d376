/** Annotations in and out as files; plain HTTP, since files never travel through GraphQL. */
import { type Failure, NETWORK_FAILURE, RequestFailed } from "../app/failure";

export const EXPORT_FORMATS = ["geojson", "asap", "imagescope", "coco", "csv", "mask"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

const IMPORT_TIMEOUT_MS = 120_000;

export const exportUrl = (slideId: string, format: ExportFormat): string => `/slides/${slideId}/export/${format}`;

/**
 * Sends a file of annotations to a slide; the server finds out its format.
 *
 * Resolves to the number of annotations taken over; throws `RequestFailed`.
 */
export async function importAnnotations(slideId: string, file: File): Promise<number> {
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
  const answer: { error?: Failure; annotations?: number } | null = await response.json().catch(() => null);
  if (!response.ok || !answer) {
    throw new RequestFailed(
      answer?.error ?? { code: "INTERNAL_ERROR", message: `The server answered ${response.status}.` },
    );
  }
  return answer.annotations ?? 0;
}
