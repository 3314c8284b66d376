/** Bytes by address: tiles, heatmap tiles and packed annotations. */
import { decodeAnnotations, type PackedObjects } from "../model/wire";

/** The tile's image, or `null` where there is none (404, 204). Throws on anything else. */
export async function fetchTile(url: string, signal: AbortSignal): Promise<Blob | null> {
  const answer = await fetch(url, { signal, credentials: "same-origin" });
  if (answer.status === 404 || answer.status === 204) return null;
  if (!answer.ok)
    throw new Error(
      `${url} was answered with ${answer.status} ${answer.statusText}. Reload the page if tiles stay away.`,
    );
  return answer.blob();
}

/** All objects of one layer of a slide. */
export async function fetchPackedLayer(
  origin: string,
  slideId: string,
  layerId: string,
  signal: AbortSignal,
): Promise<PackedObjects> {
  const answer = await fetch(`${origin}/slides/${slideId}/annotations.bin?layer=${layerId}`, {
    signal,
    credentials: "same-origin",
  });
  if (!answer.ok)
    throw new Error(
      `The polygons of layer ${layerId} were answered with ${answer.status} ${answer.statusText}. Reload the page to try again.`,
    );
  return decodeAnnotations(new Uint8Array(await answer.arrayBuffer()));
}
