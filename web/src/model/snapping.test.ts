import { describe, expect, it } from "vitest";
import type { Geometry } from "./annotation";
import { boundsOf, rectangle } from "./geometry";
import { snapTo } from "./snapping";

const shape = (geometry: Geometry) => ({ geometry, bounds: boundsOf(geometry) });
const neighbours = [shape(rectangle([0, 0, 100, 100])), shape(rectangle([110, 0, 200, 100]))];

describe("snapTo", () => {
  it("takes a vertex before an edge that is nearer", () => {
    expect(snapTo(neighbours, [98, 5], 8)).toEqual({ position: [100, 0], on: "vertex" });
    expect(snapTo(neighbours, [98, 50], 8)).toEqual({ position: [100, 50], on: "edge" });
  });

  it("takes the nearest of several neighbours", () => {
    expect(snapTo(neighbours, [106, 50], 8)).toEqual({ position: [110, 50], on: "edge" });
    expect(snapTo(neighbours, [107, 3], 12)).toEqual({ position: [110, 0], on: "vertex" });
  });

  it("catches nothing further away, nor inside a large one", () => {
    expect(snapTo(neighbours, [50, 50], 8)).toBeNull();
    expect(snapTo([], [0, 0], 8)).toBeNull();
  });
});
