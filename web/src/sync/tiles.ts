/** Bytes by address: tiles and heatmap tiles. */

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
