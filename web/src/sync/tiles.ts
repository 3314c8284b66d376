/** Bytes by address: tiles and heatmap tiles. */
import { profileSegments, withSegments } from "../model/colourProfile";
import { Backoff } from "./backoff";

/** How often a tile is asked for while the server, or its storage, is away: for about half a minute. */
const ATTEMPTS = 7;
const AWAY: readonly number[] = [502, 503, 504];

/** The tile's image, or `null` where there is none (404, 204). Asks again while the server is away; throws on anything else. */
export async function fetchTile(url: string, signal: AbortSignal): Promise<Blob | null> {
  const backoff = new Backoff();
  let answer = await fetch(url, { signal, credentials: "same-origin" });
  for (let attempt = 1; attempt < ATTEMPTS && AWAY.includes(answer.status); attempt++) {
    await backoff.wait(signal);
    answer = await fetch(url, { signal, credentials: "same-origin" });
  }
  if (answer.status === 404 || answer.status === 204) return null;
  if (!answer.ok)
    throw new Error(
      `${url} was answered with ${answer.status} ${answer.statusText}. Reload the page if tiles stay away.`,
    );
  return answer.blob();
}

/** Tiles of one slide with its colour profile inside; the profile is fetched once, with the first tile. */
export class ColouredTiles {
  private segments: Promise<Uint8Array<ArrayBuffer>> | null = null;

  constructor(private readonly profileUrl: string | null) {}

  /** As `fetchTile`. */
  async fetch(url: string, signal: AbortSignal): Promise<Blob | null> {
    const [tile, segments] = await Promise.all([fetchTile(url, signal), this.profile()]);
    if (tile === null || segments === null || segments.length === 0) return tile;
    return new Blob([...withSegments(new Uint8Array(await tile.arrayBuffer()), segments)], { type: tile.type });
  }

  private profile(): Promise<Uint8Array<ArrayBuffer>> | null {
    if (this.profileUrl === null) return null;
    this.segments ??= fetchProfile(this.profileUrl).catch((error: unknown) => {
      // The next tile asks again: colours are right or not shown.
      this.segments = null;
      throw error;
    });
    return this.segments;
  }
}

async function fetchProfile(url: string): Promise<Uint8Array<ArrayBuffer>> {
  const answer = await fetch(url, { credentials: "same-origin" });
  if (!answer.ok)
    throw new Error(`The slide's colour profile was answered with ${answer.status}. Reload the page to try again.`);
  return profileSegments(new Uint8Array(await answer.arrayBuffer()));
}
