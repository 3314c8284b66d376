import { describe, expect, it } from "vitest";
import { deviceOf } from "./device";
import { annotates, manages, ROLES } from "./roles";
import { FILTERS, passes } from "./slideFilters";

type Slide = Parameters<typeof passes>[0];

const FRESH: Slide = { annotationCount: 0, latestPrediction: null, mppX: null };
const RUNNING: Slide = {
  annotationCount: 3,
  latestPrediction: { id: "1", status: "RUNNING", done: 1, total: 4 },
  mppX: 0.25,
};
const DONE: Slide = { ...RUNNING, latestPrediction: { id: "1", status: "SUCCEEDED", done: 4, total: 4 } };

describe("passes", () => {
  it.each([
    ["fresh", FRESH, ["all", "open", "scale"]],
    ["running", RUNNING, ["all", "predicting"]],
    ["done", DONE, ["all", "predicted"]],
  ] as const)("sorts a %s slide into its filters", (_, slide, expected) => {
    expect(FILTERS.filter((filter) => passes(slide, filter))).toEqual(expected);
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
