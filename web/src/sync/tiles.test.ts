import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fetchTile } from "./tiles";

const answers = (...statuses: number[]) => {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(url);
    const status = statuses.length > 1 ? statuses.shift() : statuses[0];
    return new Response(status === 200 ? "tile" : null, { status });
  });
  return asked;
};

describe("fetchTile", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("asks again while the storage is away", async () => {
    const asked = answers(503, 504, 200);
    const tile = fetchTile("/t", new AbortController().signal);
    await vi.runAllTimersAsync();
    expect(await (await tile)?.text()).toBe("tile");
    expect(asked).toHaveLength(3);
  });

  it("gives up after a while, with the address and what to do", async () => {
    const asked = answers(503);
    const tile = fetchTile("/t", new AbortController().signal);
    const failed = expect(tile).rejects.toThrow("/t was answered with 503");
    await vi.runAllTimersAsync();
    await failed;
    expect(asked).toHaveLength(7);
  });

  it("asks once for what is refused or does not exist", async () => {
    const refused = answers(422);
    await expect(fetchTile("/t", new AbortController().signal)).rejects.toThrow("422");
    expect(refused).toHaveLength(1);
    expect(answers(404) && (await fetchTile("/t", new AbortController().signal))).toBeNull();
  });

  it("stops waiting when nobody looks any more", async () => {
    const asked = answers(503);
    const looking = new AbortController();
    const tile = fetchTile("/t", looking.signal);
    const stopped = expect(tile).rejects.toBe("gone");
    await vi.advanceTimersByTimeAsync(100);
    looking.abort("gone");
    await stopped;
    expect(asked).toHaveLength(1);
  });
});
