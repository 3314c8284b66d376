import { describe, expect, it } from "vitest";
import { deviceOf } from "./device";
import { annotates, manages, ROLES } from "./roles";
import {
  type Column,
  chosenSlides,
  EVERYTHING,
  isIn,
  NEWEST_FIRST,
  type Slide,
  STATES,
  sortedSlides,
  tally,
} from "./slideList";

const slide = (id: string, values: Partial<Slide> = {}): Slide => ({
  id,
  name: id,
  description: "",
  tags: [],
  filename: `${id}.svs`,
  sizeBytes: 1,
  vendor: "aperio",
  width: 10,
  height: 10,
  mppX: 0.25,
  mppY: 0.25,
  objectivePower: 40,
  thumbnailUrl: "",
  fileUrl: "",
  canDownload: true,
  createdAt: "2026-01-01T00:00:00Z",
  deletedAt: null,
  annotationCount: 0,
  reviewedCount: 0,
  createdBy: null,
  latestPrediction: null,
  ...values,
});
const prediction = (status: "RUNNING" | "SUCCEEDED") => ({ id: "1", status, done: 1, total: 4 });

const SLIDES = [
  slide("Case 2", { mppX: null, tags: ["margin"], createdAt: "2026-01-03T00:00:00Z", sizeBytes: 30 }),
  slide("case 10", {
    ...{ annotationCount: 4, reviewedCount: 4, latestPrediction: prediction("SUCCEEDED"), tags: ["margin", "colon"] },
    ...{ vendor: "hamamatsu", createdAt: "2026-01-02T00:00:00Z", sizeBytes: 10, mppX: 0.5 },
  }),
  slide("Case 1", { annotationCount: 2, reviewedCount: 1, latestPrediction: prediction("RUNNING"), description: "폐" }),
];
const ids = (slides: readonly Slide[]) => slides.map(({ id }) => id);

describe("the slides that are listed", () => {
  it("are in every state that is true of them", () => {
    expect(SLIDES.map((each) => STATES.filter((state) => isIn(each, state)))).toEqual([
      ["open", "scale"],
      ["annotated", "reviewed", "predicted"],
      ["annotated", "predicting"],
    ]);
  });

  it("have all states and tags that are asked for, one of the formats, and every word", () => {
    const chosen = (choice: Partial<typeof EVERYTHING>, search = "") =>
      ids(chosenSlides(SLIDES, { ...EVERYTHING, ...choice }, search));
    expect(chosen({})).toEqual(ids(SLIDES));
    expect(chosen({ states: ["annotated", "predicted"] })).toEqual(["case 10"]);
    expect(chosen({ tags: ["margin"] })).toEqual(["Case 2", "case 10"]);
    expect(chosen({ tags: ["margin", "colon"] })).toEqual(["case 10"]);
    expect(chosen({ formats: ["aperio", "hamamatsu"], states: ["open"] })).toEqual(["Case 2"]);
    expect(chosen({}, "CASE colon")).toEqual(["case 10"]);
    expect(chosen({}, "폐")).toEqual(["Case 1"]);
    expect(chosen({}, "case nothing")).toEqual([]);
  });

  it("stand in the order of a column, what has no value last", () => {
    const sorted = (column: Column, descending = false) => ids(sortedSlides(SLIDES, { column, descending }));
    expect(sorted("name")).toEqual(["Case 1", "Case 2", "case 10"]);
    expect(sorted("size", true)).toEqual(["Case 2", "case 10", "Case 1"]);
    expect(sorted("mpp")).toEqual(["Case 1", "case 10", "Case 2"]);
    expect(sorted("mpp", true)).toEqual(["case 10", "Case 1", "Case 2"]);
    expect(sorted("reviewed", true)).toEqual(["case 10", "Case 1", "Case 2"]);
    expect(sorted("format")).toEqual(["Case 2", "Case 1", "case 10"]);
    expect(ids(sortedSlides(SLIDES, NEWEST_FIRST))).toEqual(["Case 2", "case 10", "Case 1"]);
  });

  it("are counted by what they have", () => {
    expect(tally(SLIDES, ({ tags }) => tags)).toEqual([
      ["margin", 2],
      ["colon", 1],
    ]);
  });
});

describe("roles", () => {
  it("say who manages and who draws", () => {
    expect(ROLES.filter(manages)).toEqual(["OWNER", "MANAGER"]);
    expect(ROLES.filter(annotates)).toEqual(["OWNER", "MANAGER", "REVIEWER", "ANNOTATOR"]);
  });
});

describe("deviceOf", () => {
  it("names browser and system as people do", () => {
    const chrome =
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36";
    const phone =
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1";
    expect(deviceOf(chrome)).toEqual({ browser: "Chrome", system: "Windows" });
    expect(deviceOf(`${chrome} Edg/130.0`)).toEqual({ browser: "Edge", system: "Windows" });
    expect(deviceOf(phone)).toEqual({ browser: "Safari", system: "iOS" });
  });

  it("knows no device for a program", () => {
    expect(deviceOf("python-httpx/0.28")).toBeNull();
  });
});
