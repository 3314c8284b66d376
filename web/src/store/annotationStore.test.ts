import { describe, expect, it } from "vitest";
import type { Annotation, AnnotationOp, Layer } from "../model/annotation";
import { rectangle } from "../model/geometry";
import { AnnotationStore } from "./annotationStore";
import type { ChangeSet } from "./changes";
import type { Row } from "./rows";

const ME = { id: "me", name: "Me", color: "#fff" };
const SQUARE = rectangle([0, 0, 10, 10]);
const MOVED = rectangle([5, 0, 15, 10]);
const NOW = "2026-01-01T00:00:00Z";

function row(id: string, version: number, change: Partial<Annotation> = {}, deleted = false): Row {
  const annotation: Annotation = {
    id,
    slideId: "s",
    layerId: "l",
    termId: null,
    kind: "RECTANGLE",
    geometry: SQUARE,
    bounds: [0, 0, 10, 10],
    areaPx: 100,
    lengthPx: 40,
    attributes: {},
    note: "",
    locked: false,
    reviewState: "DRAFT",
    reviewReason: null,
    reviewedBy: null,
    version,
    createdBy: null,
    updatedBy: null,
    createdAt: NOW,
    updatedAt: NOW,
    ...change,
  };
  return { annotation, deleted };
}

function layer(id: string, change: Partial<Layer> = {}): Layer {
  return { id, kind: "USER", name: id, color: "#fff", owner: ME, predictionId: null, annotationCount: 7, ...change };
}

function opened(...rows: Row[]): { store: AnnotationStore; changes: ChangeSet[] } {
  const store = new AnnotationStore("s", ME);
  store.receive(rows, [], "SILENT");
  const changes: ChangeSet[] = [];
  store.observe((change) => changes.push(change));
  return { store, changes };
}

const create: AnnotationOp = { type: "create", id: "a", kind: "RECTANGLE", geometry: SQUARE, termId: "t" };
const move: AnnotationOp = { type: "update", id: "a", geometry: MOVED, kind: "RECTANGLE" };
const ids = (store: AnnotationStore) => [...store.snapshot.getSnapshot().byId.keys()];

describe("own edits", () => {
  it("are visible at once, measured, and mine", () => {
    const { store, changes } = opened();
    store.begin("m1", [create], NOW);
    expect(store.get("a")).toMatchObject({
      version: 0,
      areaPx: 100,
      lengthPx: 40,
      bounds: [0, 0, 10, 10],
      createdBy: ME,
      createdAt: NOW,
    });
    expect(changes.map(({ origin, created }) => [origin, created.map(({ id }) => id)])).toEqual([["LOCAL", ["a"]]]);
  });

  it("lie in my own layer as soon as there is one", () => {
    const { store } = opened();
    store.receive([], [layer("mine"), layer("hers", { owner: { ...ME, id: "her" } })], "SILENT");
    store.begin("m1", [create], NOW);
    expect(store.get("a")?.layerId).toBe("mine");
    expect(store.snapshot.getSnapshot().layers.map(({ id, annotationCount }) => [id, annotationCount])).toEqual([
      ["mine", 1],
      ["hers", 0],
    ]);
  });

  it("stay on top of what the server says until it has done them", () => {
    const { store } = opened(row("a", 3));
    store.begin("m1", [{ type: "update", id: "a", note: "mine" }]);
    store.receive([row("a", 4, { termId: "t2" })], [], "REMOTE");
    expect(store.get("a")).toMatchObject({ note: "mine", termId: "t2", version: 4 });
    store.acknowledge("m1", [row("a", 5, { termId: "t2", note: "mine" })]);
    expect(store.get("a")).toMatchObject({ note: "mine", termId: "t2", version: 5 });
    expect(store.isPending("m1")).toBe(false);
  });

  it("merge attributes key by key; null removes one", () => {
    const { store } = opened(row("a", 1, { attributes: { grade: 2, size: 5 } }));
    store.begin("m1", [{ type: "update", id: "a", attributes: { grade: null, shape: "oval" } }]);
    expect(store.get("a")?.attributes).toEqual({ size: 5, shape: "oval" });
  });

  it("go away again when they are refused", () => {
    const { store, changes } = opened(row("a", 1));
    store.begin("m1", [move, { ...create, id: "b" }]);
    store.abandon("m1", new Set(["b"]));
    expect([ids(store), store.get("a")?.geometry]).toEqual([["a"], MOVED]);
    store.abandon("m1");
    expect(store.get("a")?.geometry).toEqual(SQUARE);
    expect(changes.map(({ origin }) => origin)).toEqual(["LOCAL", "SILENT", "SILENT"]);
  });

  it("on what does not exist change nothing and have no inverse", () => {
    const { store, changes } = opened();
    expect(store.begin("m1", [move])).toEqual([]);
    expect(changes).toEqual([]);
  });
});

describe("inverses", () => {
  it.each<[string, AnnotationOp, AnnotationOp]>([
    ["a creation", { ...create, id: "new" }, { type: "delete", id: "new" }],
    ["a deletion", { type: "delete", id: "a" }, { type: "restore", id: "a" }],
    ["a move", move, { type: "update", id: "a", geometry: SQUARE, kind: "RECTANGLE" }],
    ["a term", { type: "update", id: "a", termId: "t" }, { type: "update", id: "a", termId: null }],
    [
      "attributes",
      { type: "update", id: "a", attributes: { x: 1, y: 2 } },
      { type: "update", id: "a", attributes: { x: 0, y: null } },
    ],
  ])("take back %s", (_what, op, inverse) => {
    const { store } = opened(row("a", 1, { attributes: { x: 0 } }));
    expect(store.begin("m1", [op])).toEqual([inverse]);
    const before = store.get("a");
    store.begin("m2", [inverse]);
    store.begin("m3", [op]);
    expect(store.get("a")).toEqual(
      before === undefined ? undefined : { ...before, updatedAt: store.get("a")?.updatedAt },
    );
  });
});

describe("the server's rows", () => {
  it("may come twice, late and in any order: the version decides", () => {
    const { store, changes } = opened(row("a", 2));
    store.receive([row("a", 4, { note: "newest" })], [], "REMOTE");
    store.receive([row("a", 3, { note: "late" })], [], "REMOTE");
    store.receive([row("a", 4, { note: "newest" })], [], "REMOTE");
    expect(store.get("a")?.note).toBe("newest");
    expect(changes).toHaveLength(1);
  });

  it("leave a tombstone that an older row can't bring back", () => {
    const { store } = opened(row("a", 1));
    store.receive([row("a", 3, {}, true)], [], "REMOTE");
    store.receive([row("a", 2)], [], "REMOTE");
    expect(ids(store)).toEqual([]);
    store.receive([row("a", 4)], [], "REMOTE");
    expect(ids(store)).toEqual(["a"]);
  });

  it("replace all that is known, and keep what is pending", () => {
    const { store, changes } = opened(row("a", 1), row("b", 1));
    store.begin("m1", [{ ...create, id: "c" }]);
    store.replaceAll([row("b", 2, { note: "new" })], [layer("l")]);
    expect(ids(store).sort()).toEqual(["b", "c"]);
    expect(changes[1]).toMatchObject({
      origin: "SILENT",
      created: [],
      deleted: [{ id: "a" }],
      updated: [{ after: { note: "new" } }],
    });
  });

  it("keep the server's count only for predictions, whose polygons are elsewhere", () => {
    const { store } = opened(row("a", 1));
    store.receive([], [layer("l"), layer("p", { kind: "PREDICTION", annotationCount: 1204 })], "REMOTE");
    expect(store.snapshot.getSnapshot().layers.map(({ annotationCount }) => annotationCount)).toEqual([1, 1204]);
  });
});

describe("versions to expect", () => {
  it("follow one's own edits, and stop at another's", () => {
    const { store } = opened(row("a", 3));
    store.begin("m1", [{ ...move, expectedVersion: 3 }]);
    store.acknowledge("m1", [row("a", 4, { geometry: MOVED })]);
    expect(store.currentVersion("a", 3)).toBe(4);
    store.receive([row("a", 5)], [], "REMOTE");
    expect(store.currentVersion("a", 3)).toBe(4);
  });

  it("reach over another's change of something else, which the server let pass", () => {
    const { store } = opened(row("a", 3));
    store.begin("m1", [{ ...move, expectedVersion: 3 }]);
    store.acknowledge("m1", [row("a", 5, { geometry: MOVED, termId: "theirs" })]);
    expect(store.currentVersion("a", 3)).toBe(5);
  });
});
