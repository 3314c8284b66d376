/** "Predict here": what a model sees in a small part of a slide, asked and answered in one request. */
import type { Failure } from "../model/failure";
import type { Glimpse } from "../model/prediction";

const TIMEOUT_MS = 60_000;

/** The server's refusal, or that it can't be reached. */
export class GlimpseRefused extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
    this.name = "GlimpseRefused";
  }
}

/**
 * The probabilities over a region, `[x, y, width, height]` in level-0 pixels.
 *
 * Throws `GlimpseRefused`, and an `AbortError` once `signal` is aborted.
 */
export async function fetchGlimpse(
  address: { readonly origin: string; readonly slideId: string; readonly model: string | null },
  region: readonly [number, number, number, number],
  signal: AbortSignal,
): Promise<Glimpse> {
  const query = new URLSearchParams({ region: region.map((value) => value.toFixed(1)).join(",") });
  if (address.model !== null) query.set("model", address.model);
  const url = `${address.origin}/slides/${address.slideId}/probability.png?${query}`;
  let answer: Response;
  try {
    answer = await fetch(url, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      credentials: "same-origin",
    });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new GlimpseRefused({ code: "NETWORK", message: "The server can't be reached." });
  }
  if (!answer.ok) throw new GlimpseRefused(await failureOf(answer));
  const [x = 0, y = 0] = (answer.headers.get("coslide-origin") ?? "").split(",").map(Number);
  return {
    png: await answer.blob(),
    origin: [x, y],
    downsample: Number(answer.headers.get("coslide-downsample")),
    threshold: Number(answer.headers.get("coslide-threshold")),
    model: answer.headers.get("coslide-model") ?? "",
  };
}

async function failureOf(answer: Response): Promise<Failure> {
  try {
    const { error } = (await answer.json()) as { error: Failure };
    return error;
  } catch {
    return { code: "UNAVAILABLE", message: `The server answered with ${answer.status} ${answer.statusText}.` };
  }
}
