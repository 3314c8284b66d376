import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Unfinished } from "../model/unfinished";
import { Drafts } from "./drafts";

const WORK: Unfinished = {
  tool: "polygon",
  points: [
    [1, 2],
    [3, 4],
  ],
  area: null,
  targetId: null,
};

describe("Drafts", () => {
  const opened: Drafts[] = [];
  const open = (page: string, slide = "s", user = "u") => {
    const drafts = new Drafts(user, slide, page);
    opened.push(drafts);
    return drafts;
  };
  beforeEach(() => localStorage.clear());
  afterEach(() => {
    for (const drafts of opened.splice(0)) drafts.close();
    vi.useRealTimers();
  });

  it("writes what is unfinished at the latest a quarter of a second later", async () => {
    vi.useFakeTimers();
    const drafts = open("one");
    const work = vi.fn(() => WORK);
    for (let move = 0; move < 20; move++) {
      drafts.changed(work, true);
      vi.advanceTimersByTime(20);
    }
    expect(work).toHaveBeenCalledOnce();
    expect(JSON.parse(localStorage.getItem("coslide.draft.u.s.one") ?? "{}")).toMatchObject({ work: WORK });
  });

  it("forgets what was finished a second later, not before the outbox has it", () => {
    vi.useFakeTimers();
    const drafts = open("one");
    drafts.changed(() => WORK, true);
    vi.advanceTimersByTime(300);
    drafts.changed(() => null, false);
    vi.advanceTimersByTime(900);
    expect(localStorage.length).toBe(1);
    vi.advanceTimersByTime(200);
    expect(localStorage.length).toBe(0);
  });

  it("is offered to the next page of the same person and slide, and to no other", async () => {
    const crashed = open("crashed");
    crashed.changed(() => WORK, true);
    crashed.close();
    expect((await open("next").left()).map(({ work }) => work)).toEqual([WORK]);
    expect(await open("other", "another slide").left()).toEqual([]);
    expect(await open("third", "s", "somebody else").left()).toEqual([]);
  });

  it("is not offered while the page that draws it lives", async () => {
    const living = open("living");
    living.changed(() => WORK, true);
    living.flush();
    const other = open("other");
    expect(await other.left()).toEqual([]);
    living.close();
    const [kept] = await other.left();
    expect(kept?.work).toEqual(WORK);
    other.discard(kept?.key ?? "");
    expect(await other.left()).toEqual([]);
  });

  it("is no longer offered after a month", async () => {
    localStorage.setItem("coslide.draft.u.s.old", JSON.stringify({ work: WORK, at: Date.now() - 31 * 24 * 3_600_000 }));
    expect(await open("next").left()).toEqual([]);
    expect(localStorage.length).toBe(0);
  });
});
