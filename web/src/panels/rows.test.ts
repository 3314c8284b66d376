import { describe, expect, it } from "vitest";
import type { Annotation, Term } from "../model/annotation";
import { termsById } from "../model/terms";
import { filteredRows, numberedRows, sortedRows } from "./annotationRows";
import { recentEvents } from "./recentEvents";
import { termForClass } from "./termForClass";

const TERMS: readonly Term[] = [
  { id: "t1", name: "암 Carcinoma", color: "#d7263d", hotkey: "1", position: 0 },
  { id: "t2", name: "Benign", color: "#6fa3d8", hotkey: "2", position: 1 },
];
const YUNA = { id: "u1", name: "Yuna", color: "#85e0c4" };

function annotation(id: string, values: Partial<Annotation> = {}): Annotation {
  return {
    id,
    slideId: "s",
    layerId: "l",
    termId: "t1",
    kind: "POLYGON",
    geometry: { type: "Point", coordinates: [0, 0] },
    bounds: [0, 0, 0, 0],
    areaPx: 1,
    lengthPx: 0,
    attributes: {},
    note: "",
    locked: false,
    reviewState: "DRAFT",
    reviewReason: null,
    reviewedBy: null,
    version: 1,
    createdBy: YUNA,
    updatedBy: null,
    createdAt: "2026-01-01T00:00:00Z",
    updatedAt: "2026-01-01T00:00:00Z",
    ...values,
  };
}

const names = (rows: ReturnType<typeof numberedRows>) => rows.map((row) => `${row.annotation.id}#${row.number}`);

describe("annotation rows", () => {
  const rows = numberedRows(
    [
      annotation("a", { areaPx: 5 }),
      annotation("b", { termId: "t2", areaPx: 9, note: "re-read the margin" }),
      annotation("c", { areaPx: 7 }),
      annotation("d", { termId: null }),
    ],
    termsById(TERMS),
  );

  it("are numbered within their term", () => {
    expect(names(rows)).toEqual(["a#1", "b#1", "c#2", "d#1"]);
  });

  it("are filtered by every word of term, number, note or author", () => {
    expect(names(filteredRows(rows, "carcinoma #2"))).toEqual(["c#2"]);
    expect(names(filteredRows(rows, "MARGIN yuna"))).toEqual(["b#1"]);
    expect(names(filteredRows(rows, "암"))).toEqual(["a#1", "c#2"]);
    expect(filteredRows(rows, "  ")).toBe(rows);
  });

  it("are sorted without touching what was given", () => {
    expect(names(sortedRows(rows, "newest"))).toEqual(["d#1", "c#2", "b#1", "a#1"]);
    expect(names(sortedRows(rows, "largest"))).toEqual(["b#1", "c#2", "a#1", "d#1"]);
    expect(names(sortedRows(rows, "term"))).toEqual(["a#1", "c#2", "b#1", "d#1"]);
    expect(names(rows)).toEqual(["a#1", "b#1", "c#2", "d#1"]);
  });
});

describe("recentEvents", () => {
  it("keeps the eight newest and tells drawing from changing", () => {
    const at = (minute: number) => `2026-01-01T00:${String(minute).padStart(2, "0")}:00Z`;
    const all = Array.from({ length: 12 }, (_, index) => annotation(`a${index}`, { updatedAt: at(index) }));
    const changed = annotation("z", { updatedAt: at(30), version: 4, updatedBy: { ...YUNA, name: "Ben" } });
    const events = recentEvents([changed, ...all], []);
    expect(events.map((event) => `${event.kind} ${event.id} ${event.by?.name}`)).toEqual([
      "changed z Ben",
      ...[11, 10, 9, 8, 7, 6, 5].map((index) => `drew a${index} Yuna`),
    ]);
  });
});

describe("termForClass", () => {
  it("finds a term by any of the class's names", () => {
    expect(termForClass({ name: "carcinoma", labelEn: "Carcinoma", labelKo: "암종" }, TERMS)).toBe("t1");
    expect(termForClass({ name: "x", labelEn: "X", labelKo: "암" }, TERMS)).toBe("t1");
    expect(termForClass({ name: "benign", labelEn: "Benign epithelium", labelKo: "양성" }, TERMS)).toBe("t2");
    expect(termForClass({ name: "necrosis", labelEn: "Necrosis", labelKo: "괴사" }, TERMS)).toBeNull();
    expect(termForClass(undefined, TERMS)).toBeNull();
  });
});
