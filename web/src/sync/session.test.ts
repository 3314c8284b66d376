// @vitest-environment node
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import WebSocket from "ws";
import type { AnnotationOp, Geometry } from "../model/annotation";
import { rectangle } from "../model/geometry";
import type { ChangeSet } from "../store/changes";
import { connect } from "./client";
import { MemoryConflicts } from "./conflictStorage";
import { MemoryOutbox } from "./outboxStorage";
import { LiveSession, type SessionOptions } from "./session";
import { SlideServer } from "./testing/slideServer";
import { until } from "./testing/until";

const SQUARE = rectangle([0, 0, 10, 10]);
const MOVED = rectangle([5, 0, 15, 10]);
const OTHER = rectangle([0, 5, 10, 15]);

let server: SlideServer;
const sessions: LiveSession[] = [];

beforeEach(async () => {
  server = await SlideServer.start();
});

afterEach(async () => {
  for (const session of sessions.splice(0)) session.close();
  await server.stop();
});

function open(options: Partial<SessionOptions> = {}, pingEveryMs = 5_000): LiveSession {
  const connection = connect({ origin: server.origin, webSocketImpl: WebSocket, pingEveryMs });
  const me = { id: "ada", name: "Ada", color: "#8fd3c1" };
  const session = new LiveSession(connection, {
    slideId: "slide-1",
    me,
    storage: new MemoryOutbox(),
    firstRetryMs: 5,
    ...options,
  });
  sessions.push(session);
  return session;
}

async function live(options: Partial<SessionOptions> = {}, pingEveryMs?: number): Promise<LiveSession> {
  const session = open(options, pingEveryMs);
  const before = server.subscriptions.getSnapshot().length;
  await until(server.subscriptions, (all) => all.length > before);
  await until(session.status, ({ connection }) => connection === "live");
  return session;
}

function create(id: string, geometry: Geometry = SQUARE): AnnotationOp {
  return { type: "create", id, kind: "RECTANGLE", geometry, termId: null };
}

const saved = (session: LiveSession) => until(session.status, ({ saving }) => saving === "saved");
const seqIs = (session: LiveSession, seq: number) => until(session.status, (status) => status.seq === seq);

describe("loading", () => {
  it("reads all pages and follows from their seq", async () => {
    server.pageSize = 2;
    for (const id of ["a", "b", "c", "d", "e"])
      server.edit("ben", [{ create: { id, kind: "RECTANGLE", geometry: SQUARE } }]);
    const session = await live();
    expect([...session.annotations.getSnapshot().byId.keys()]).toEqual(["a", "b", "c", "d", "e"]);
    expect(session.status.getSnapshot().seq).toBe(5);
    expect(server.subscriptions.getSnapshot()).toEqual([5]);
  });
});

describe("own edits", () => {
  it("shows an edit before the server has heard of it, then as the server made it", async () => {
    const session = await live();
    session.apply([create("a")]);
    expect(session.annotations.getSnapshot().byId.get("a")?.version).toBe(0);
    expect(session.status.getSnapshot().saving).toBe("saving");
    await saved(session);
    expect(session.annotations.getSnapshot().byId.get("a")?.version).toBe(1);
    expect(server.annotations.get("a")?.geometry).toEqual(SQUARE);
  });

  it("tells listeners of one creation, not of its echo", async () => {
    const session = await live();
    const changes: ChangeSet[] = [];
    session.onAnnotationsChanged((change) => changes.push(change));
    session.apply([create("a")]);
    await saved(session);
    await seqIs(session, 1);
    expect(changes.map(({ origin, created }) => [origin, created.length])).toEqual([
      ["LOCAL", 1],
      ["LOCAL", 0],
    ]);
  });

  it("chains edits of one shape that follow faster than the server answers", async () => {
    const session = await live();
    session.apply([create("a")]);
    session.apply([{ type: "update", id: "a", geometry: MOVED, kind: "RECTANGLE" }]);
    session.apply([{ type: "update", id: "a", geometry: OTHER, kind: "RECTANGLE" }]);
    await saved(session);
    expect(session.conflicts.getSnapshot()).toEqual([]);
    expect(server.annotations.get("a")).toMatchObject({ version: 3, geometry: OTHER });
    expect(session.annotations.getSnapshot().byId.get("a")).toMatchObject({ version: 3, geometry: OTHER });
  });

  it("does a mutation once when the line broke after the server had done it", async () => {
    const session = await live();
    server.cutAfter = { operation: "ApplyAnnotationOps", times: 1 };
    session.apply([create("a")]);
    await saved(session);
    expect(server.log).toHaveLength(1);
    expect(session.annotations.getSnapshot().byId.get("a")?.version).toBe(1);
  });

  it("keeps edits in order while the line is down and says so", async () => {
    const session = await live();
    server.cutBefore = { operation: "ApplyAnnotationOps", times: 3 };
    session.apply([create("a")]);
    session.apply([create("b")]);
    await until(session.status, ({ saving }) => saving === "offline");
    expect(session.status.getSnapshot().unsaved).toBe(2);
    await saved(session);
    expect(server.log.map(({ after }) => after.map(({ id }) => id))).toEqual([["a"], ["b"]]);
  });

  it("says that edits would not survive a crash where the browser refuses to store them, and sends them all the same", async () => {
    const refuse = () => Promise.reject(new Error("IndexedDB refused."));
    const session = await live({ storage: { load: refuse, save: refuse, remove: refuse } });
    expect(session.status.getSnapshot().durable).toBe(true);
    server.cutBefore = { operation: "ApplyAnnotationOps", times: 3 };
    session.apply([create("a")]);
    const { unsaved } = await until(session.status, ({ durable }) => !durable);
    expect(unsaved).toBe(1);
    await saved(session);
    expect(server.annotations.get("a")?.version).toBe(1);
  });

  it("sends after a crash what an earlier life of the page could not", async () => {
    const storage = new MemoryOutbox();
    const first = await live({ storage });
    server.cutBefore = { operation: "ApplyAnnotationOps", times: 1_000 };
    first.apply([create("a")]);
    await until(first.status, ({ saving }) => saving === "offline");
    first.close();
    server.cutBefore = null;

    const second = await live({ storage });
    await saved(second);
    expect(server.annotations.get("a")?.version).toBe(1);
    expect(await storage.load("slide-1", "ada")).toEqual([]);
  });

  it("takes a refused edit back and tells why", async () => {
    server.edit("ben", [
      { create: { id: "a", kind: "RECTANGLE", geometry: SQUARE } },
      { update: { id: "a", locked: true } },
    ]);
    const session = await live();
    session.apply([{ type: "update", id: "a", note: "mine" }]);
    expect(session.annotations.getSnapshot().byId.get("a")?.note).toBe("mine");
    await saved(session);
    expect(session.annotations.getSnapshot().byId.get("a")?.note).toBe("");
    expect(session.notices.getSnapshot().map(({ code, params }) => [code, params])).toEqual([
      ["ANNOTATION_LOCKED", { id: "a" }],
    ]);
  });
});

describe("undo", () => {
  it("shows at once what the server then does", async () => {
    const session = await live();
    session.apply([create("a")]);
    session.apply([{ type: "update", id: "a", geometry: MOVED, kind: "RECTANGLE" }]);
    session.undo();
    expect(session.annotations.getSnapshot().byId.get("a")?.geometry).toEqual(SQUARE);
    session.undo();
    expect(session.annotations.getSnapshot().byId.has("a")).toBe(false);
    await saved(session);
    expect(server.annotations.get("a")?.deletedAt).not.toBeNull();
    expect(session.annotations.getSnapshot().byId.has("a")).toBe(false);
  });

  it("asks the server for what was done before this page, and learns when nothing is left", async () => {
    const earlier = await live();
    earlier.apply([create("a")]);
    await saved(earlier);
    const session = await live();
    expect(session.undoState.getSnapshot().canUndo).toBe(true);
    session.undo();
    await until(session.annotations, ({ byId }) => !byId.has("a"));
    session.undo();
    await until(session.undoState, ({ canUndo }) => !canUndo);
    expect(session.notices.getSnapshot().map(({ code }) => code)).toEqual(["NOTHING_TO_UNDO"]);
  });
});

describe("others", () => {
  it("shows their edits as REMOTE", async () => {
    const session = await live();
    const changes: ChangeSet[] = [];
    session.onAnnotationsChanged((change) => changes.push(change));
    server.edit("ben", [{ create: { id: "b", kind: "RECTANGLE", geometry: SQUARE } }]);
    await seqIs(session, 1);
    expect(changes).toHaveLength(1);
    expect(changes[0]?.origin).toBe("REMOTE");
    expect(changes[0]?.created[0]?.createdBy?.name).toBe("Ben");
  });

  it("shows who is here, without oneself", async () => {
    const session = await live();
    const ben = { id: "ben", name: "Ben", color: "#ffc078" };
    const here = { viewport: null, selection: [], tool: null, stroke: [1, 2, 3, 4], presenting: false };
    server.send({
      __typename: "PresenceChanged",
      left: [],
      people: [
        { ...here, clientId: session.clientId, user: ben, cursor: [0, 0] },
        { ...here, clientId: "x", user: ben, cursor: [7, 8] },
      ],
    });
    const people = await until(session.people, (list) => list.length > 0);
    expect(people).toEqual([
      {
        clientId: "x",
        person: ben,
        cursor: [7, 8],
        viewport: null,
        selection: [],
        tool: null,
        stroke: [
          [1, 2],
          [3, 4],
        ],
        presenting: false,
      },
    ]);
    server.send({ __typename: "PresenceChanged", left: ["x"], people: [] });
    await until(session.people, (list) => list.length === 0);
  });
});

describe("conflicts", () => {
  async function inConflict(options: Partial<SessionOptions> = {}): Promise<LiveSession> {
    server.edit("ben", [{ create: { id: "a", kind: "RECTANGLE", geometry: SQUARE } }]);
    const session = await live(options);
    server.lostSeqs.add(2); // I don't learn of Ben's change before I send mine
    server.edit("ben", [{ update: { id: "a", expectedVersion: 1, geometry: OTHER, kind: "RECTANGLE" } }]);
    session.apply([{ type: "update", id: "a", geometry: MOVED, kind: "RECTANGLE" }]);
    await until(session.conflicts, (list) => list.length === 1);
    return session;
  }

  it("keeps both shapes until one has chosen", async () => {
    const session = await inConflict();
    const [conflict] = session.conflicts.getSnapshot();
    expect(conflict).toMatchObject({ annotationId: "a", by: "Ben", canMerge: true });
    expect(conflict?.mine?.geometry).toEqual(MOVED);
    expect(conflict?.theirs?.geometry).toEqual(OTHER);
    expect(session.annotations.getSnapshot().byId.get("a")?.geometry).toEqual(OTHER);
    expect(server.annotations.get("a")?.geometry).toEqual(OTHER);
    expect(session.status.getSnapshot().saving).toBe("saved");
  });

  it("outlive the tab, and follow what became of theirs meanwhile", async () => {
    const conflictStorage = new MemoryConflicts();
    const crashed = await inConflict({ conflictStorage });
    crashed.close();
    server.edit("ben", [{ update: { id: "a", expectedVersion: 2, geometry: SQUARE, kind: "RECTANGLE" } }]);
    const session = await live({ conflictStorage });
    await until(session.conflicts, (list) => list.length === 1 && list[0]?.theirs?.version === 3);
    const [conflict] = session.conflicts.getSnapshot();
    expect(conflict?.mine?.geometry).toEqual(MOVED);
    expect(conflict?.theirs?.geometry).toEqual(SQUARE);
    session.keepMine("a");
    await saved(session);
    expect(server.annotations.get("a")).toMatchObject({ version: 4, geometry: MOVED });
    expect(await conflictStorage.load("slide-1", "ada")).toEqual([]);
    expect((await live({ conflictStorage })).conflicts.getSnapshot()).toEqual([]);
  });

  it("keeps mine", async () => {
    const session = await inConflict();
    session.keepMine("a");
    await saved(session);
    expect(server.annotations.get("a")).toMatchObject({ version: 3, geometry: MOVED });
    expect(session.conflicts.getSnapshot()).toEqual([]);
  });

  it("takes theirs", async () => {
    const session = await inConflict();
    session.takeTheirs("a");
    expect(session.conflicts.getSnapshot()).toEqual([]);
    expect(server.annotations.get("a")).toMatchObject({ version: 2, geometry: OTHER });
  });

  it("merges both", async () => {
    const session = await inConflict();
    session.merge("a");
    await saved(session);
    expect(server.annotations.get("a")?.version).toBe(3);
    expect(session.annotations.getSnapshot().byId.get("a")).toMatchObject({ kind: "POLYGON", version: 3 });
  });

  it("sends the rest of a mutation of which one part is in conflict", async () => {
    server.edit("ben", [
      { create: { id: "a", kind: "RECTANGLE", geometry: SQUARE } },
      { create: { id: "b", kind: "RECTANGLE", geometry: SQUARE } },
    ]);
    const session = await live();
    server.lostSeqs.add(2);
    server.edit("ben", [{ update: { id: "a", expectedVersion: 1, geometry: OTHER, kind: "RECTANGLE" } }]);
    session.apply(["a", "b"].map((id): AnnotationOp => ({ type: "update", id, geometry: MOVED, kind: "RECTANGLE" })));
    await saved(session);
    expect(server.annotations.get("a")?.geometry).toEqual(OTHER);
    expect(server.annotations.get("b")?.geometry).toEqual(MOVED);
    expect(session.conflicts.getSnapshot().map(({ annotationId }) => annotationId)).toEqual(["a"]);
  });
});

describe("reconnecting", () => {
  it("goes on from the seq it has when the line breaks", async () => {
    const session = await live();
    server.edit("ben", [{ create: { id: "a", kind: "RECTANGLE", geometry: SQUARE } }]);
    await seqIs(session, 1);
    server.dropSockets();
    server.edit("ben", [{ create: { id: "b", kind: "RECTANGLE", geometry: SQUARE } }]);
    await seqIs(session, 2);
    expect([...session.annotations.getSnapshot().byId.keys()]).toEqual(["a", "b"]);
    expect(server.subscriptions.getSnapshot()).toEqual([0, 1]);
    expect(server.requests.filter((name) => name === "LiveAnnotations")).toHaveLength(1);
  });

  it("reads a gap back by subscribing again", async () => {
    const session = await live();
    server.lostSeqs.add(1);
    server.edit("ben", [{ create: { id: "a", kind: "RECTANGLE", geometry: SQUARE } }]);
    server.edit("ben", [{ create: { id: "b", kind: "RECTANGLE", geometry: SQUARE } }]);
    await seqIs(session, 2);
    expect([...session.annotations.getSnapshot().byId.keys()]).toEqual(["a", "b"]);
    expect(server.subscriptions.getSnapshot()).toEqual([0, 0]);
  });

  it("fetches the whole state when the server has forgotten the events", async () => {
    server.edit("ben", [{ create: { id: "a", kind: "RECTANGLE", geometry: SQUARE } }]);
    const session = await live();
    server.dropSockets();
    server.edit("ben", [{ delete: { id: "a" } }, { create: { id: "b", kind: "RECTANGLE", geometry: SQUARE } }]);
    server.horizon = 2;
    await seqIs(session, 2);
    expect([...session.annotations.getSnapshot().byId.keys()]).toEqual(["b"]);
    expect(server.requests.filter((name) => name === "LiveAnnotations")).toHaveLength(2);
  });

  it("ends for good when the session has ended", async () => {
    const session = await live();
    server.closeSockets(4403, "Forbidden");
    await until(session.ended, (ended) => ended);
    expect(session.notices.getSnapshot().map(({ code }) => code)).toEqual(["NOT_SIGNED_IN"]);
    expect(session.status.getSnapshot().connection).toBe("offline");
  });

  it("notices a line that went away without a word", async () => {
    const session = await live({}, 60);
    server.muteSockets();
    server.edit("ben", [{ create: { id: "a", kind: "RECTANGLE", geometry: SQUARE } }]);
    await until(server.subscriptions, (all) => all.length === 2);
    await until(session.status, ({ connection }) => connection === "live");
    await seqIs(session, 1);
  });

  it("measures the round trip", async () => {
    const session = await live();
    const { latencyMs } = await until(session.status, (status) => status.latencyMs !== null);
    expect(latencyMs).toBeGreaterThan(0);
  });
});
