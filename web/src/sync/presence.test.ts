import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { UpdatePresenceInput } from "../gql/graphql";
import type { Position } from "../model/annotation";
import { Presence, PresenceSender } from "./presence";

beforeEach(
  () =>
    void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"] }),
);
afterEach(() => void vi.useRealTimers());

function sender(alone: boolean): { presence: PresenceSender; sent: UpdatePresenceInput[] } {
  const sent: UpdatePresenceInput[] = [];
  const presence = new PresenceSender(
    "s",
    "c",
    (input) => sent.push(input) > 0,
    () => alone,
  );
  return { presence, sent };
}

describe("PresenceSender", () => {
  it("sends at most 20 times a second, and always the latest at the end", () => {
    const { presence, sent } = sender(false);
    for (let x = 0; x < 100; x++) {
      presence.update({ cursor: [x, 0] });
      vi.advanceTimersByTime(10);
    }
    vi.advanceTimersByTime(100);
    expect(sent.length).toBeLessThanOrEqual(21);
    expect(sent.length).toBeGreaterThan(15);
    expect(sent[sent.length - 1]?.cursor).toEqual([99, 0]);
    presence.close();
  });

  it("sends once a second with nobody to see it", () => {
    const { presence, sent } = sender(true);
    for (let x = 0; x < 200; x++) {
      presence.update({ cursor: [x, 0] });
      vi.advanceTimersByTime(10);
    }
    expect(sent.length).toBeLessThanOrEqual(3);
    presence.close();
  });

  it("repeats itself while nothing moves, and says goodbye", () => {
    const { presence, sent } = sender(false);
    presence.update({ selection: ["a"] });
    vi.advanceTimersByTime(20_001);
    expect(sent.map(({ selection }) => selection)).toEqual([["a"], ["a"], ["a"]]);
    presence.close();
    expect(sent[sent.length - 1]).toEqual({ slideId: "s", clientId: "c", left: true });
    vi.advanceTimersByTime(60_000);
    expect(sent).toHaveLength(4);
  });

  it("keeps a long stroke short, with its last point", () => {
    const { presence, sent } = sender(false);
    presence.update({ stroke: Array.from({ length: 1_501 }, (_, i): Position => [i, 0]) });
    vi.advanceTimersByTime(60);
    const stroke = sent[0]?.stroke ?? [];
    expect(stroke.length).toBeLessThanOrEqual(2 * 402);
    expect(stroke.slice(-2)).toEqual([1_500, 0]);
    presence.close();
  });
});

describe("presenting", () => {
  const user = { id: "u2", name: "Ben", color: "#ffc46b" };
  const ben = { clientId: "tab", user, cursor: null, viewport: null, selection: [], tool: null, stroke: null };

  function open() {
    const sent: UpdatePresenceInput[] = [];
    const presence = new Presence("s", "c", (input) => sent.push(input) > 0);
    const shown = () => {
      vi.advanceTimersByTime(1_100);
      return sent[sent.length - 1]?.presenting;
    };
    return { presence, shown };
  }

  it("is told to the others, and that it is over", () => {
    const { presence, shown } = open();
    presence.present(true);
    expect([presence.presenting.getSnapshot(), shown()]).toEqual([true, true]);
    presence.present(false);
    expect([presence.presenting.getSnapshot(), shown()]).toEqual([false, false]);
    presence.close();
  });

  it("is nothing while somebody else presents", () => {
    const { presence, shown } = open();
    presence.changed([{ ...ben, presenting: true }], []);
    presence.present(true);
    expect([presence.presenting.getSnapshot(), shown()]).toEqual([false, false]);
    presence.close();
  });

  it("is the other's who pressed first", () => {
    const { presence, shown } = open();
    presence.present(true);
    presence.changed([{ ...ben, presenting: true }], []);
    expect([presence.presenting.getSnapshot(), shown()]).toEqual([false, false]);
    presence.close();
  });
});
