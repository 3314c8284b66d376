// @vitest-environment node
import { IDBFactory } from "fake-indexeddb";
import { describe, expect, it } from "vitest";
import { NetworkFailure } from "./client";
import { Outbox, type OutboxEntry, type OutboxStorage } from "./outbox";
import { IndexedDbOutbox, MemoryOutbox } from "./outboxStorage";
import { until } from "./testing/until";

function entry(mutationId: string, position: number, change: Partial<OutboxEntry> = {}): OutboxEntry {
  return {
    mutationId,
    position,
    slideId: "s",
    clientId: "c",
    userId: "u",
    kind: "apply",
    ops: [{ type: "delete", id: "a" }],
    ...change,
  };
}

describe.each([
  ["IndexedDB", () => new IndexedDbOutbox(new IDBFactory())],
  ["memory", () => new MemoryOutbox()],
])("storage in %s", (_name, make) => {
  it("gives back what was saved for this slide and this user, and nothing else", async () => {
    const storage = make();
    await storage.save(entry("m1", 0));
    await storage.save(entry("m2", 1, { slideId: "other" }));
    await storage.save(entry("m3", 2, { userId: "other" }));
    await storage.save(entry("m1", 0, { ops: [] }));
    expect(await storage.load("s", "u")).toEqual([entry("m1", 0, { ops: [] })]);
    await storage.remove("m1");
    expect(await storage.load("s", "u")).toEqual([]);
  });
});

it("outlives the page that saved it", async () => {
  const factory = new IDBFactory();
  await new IndexedDbOutbox(factory).save(entry("m1", 0));
  expect(await new IndexedDbOutbox(factory).load("s", "u")).toEqual([entry("m1", 0)]);
});

describe("Outbox", () => {
  const { position: _, ...fresh } = entry("m", 0);

  it("sends in order, one at a time, what was left before what is new", async () => {
    const storage = new MemoryOutbox();
    await storage.save(entry("late", 7));
    await storage.save(entry("early", 3));
    const sent: string[] = [];
    let underWay = 0;
    const outbox = new Outbox(storage, async ({ mutationId }) => {
      expect(++underWay).toBe(1);
      await Promise.resolve();
      sent.push(mutationId);
      underWay--;
    });
    await outbox.restore("s", "u");
    outbox.add({ ...fresh, mutationId: "new" });
    await until(outbox.state, ({ waiting }) => waiting === 0);
    expect(sent).toEqual(["early", "late", "new"]);
    expect(await storage.load("s", "u")).toEqual([]);
  });

  it("tries again after a broken line, and leaves out what an event has settled meanwhile", async () => {
    const attempts: string[] = [];
    let broken = true;
    const outbox = new Outbox(
      new MemoryOutbox(),
      async ({ mutationId }) => {
        attempts.push(mutationId);
        if (broken) throw new NetworkFailure(new Error("gone"));
      },
      5,
    );
    outbox.add({ ...fresh, mutationId: "m1" });
    outbox.add({ ...fresh, mutationId: "m2" });
    await until(outbox.state, ({ stuck }) => stuck);
    outbox.settle("m1");
    broken = false;
    await until(outbox.state, ({ waiting }) => waiting === 0);
    expect(attempts.filter((id) => id === "m2")).toHaveLength(1);
    expect(outbox.state.getSnapshot()).toEqual({ waiting: 0, stuck: false, durable: true });
  });

  it("goes on without a storage that fails, and says that it is not durable", async () => {
    const refusing: OutboxStorage = {
      load: async () => [],
      save: () => Promise.reject(new Error("quota")),
      remove: () => Promise.reject(new Error("quota")),
    };
    const sent: string[] = [];
    const outbox = new Outbox(refusing, async ({ mutationId }) => void sent.push(mutationId));
    outbox.add({ ...fresh, mutationId: "m1" });
    await until(outbox.state, ({ durable }) => !durable);
    expect(sent).toEqual(["m1"]);
  });

  it("sends nothing more once it is closed", async () => {
    const sent: string[] = [];
    const outbox = new Outbox(new MemoryOutbox(), async ({ mutationId }) => void sent.push(mutationId));
    outbox.close();
    outbox.add({ ...fresh, mutationId: "m1" });
    await Promise.resolve();
    expect(sent).toEqual([]);
  });
});
