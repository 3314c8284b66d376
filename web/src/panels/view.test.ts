import { describe, expect, it } from "vitest";
import { besideOfSearch, searchOfView, viewOfSearch } from "./view";

const view = { center: [1200, -30] as const, downsample: 1.25, rotationDegrees: 0 };
const turned = { center: [7, 8] as const, downsample: 0.5, rotationDegrees: -90 };

describe("a view in an address", () => {
  it("comes back as it was", () => {
    expect(searchOfView(view)).toBe("?x=1200&y=-30&d=1.25");
    expect(viewOfSearch(searchOfView(view))).toEqual(view);
    expect(viewOfSearch(searchOfView(turned))).toEqual(turned);
    expect(besideOfSearch(searchOfView(view))).toBeNull();
  });

  it("names the slide beside it, where that one stands, and whether they are linked", () => {
    for (const beside of [
      { slideId: "s2", linked: true, view: turned },
      { slideId: "s2", linked: false, view },
      { slideId: "s2", linked: true, view: undefined },
    ]) {
      const search = searchOfView(view, beside);
      expect(viewOfSearch(search)).toEqual(view);
      expect(besideOfSearch(search)).toEqual(beside);
    }
  });

  it("is none where a number is missing or makes no sense", () => {
    for (const search of ["", "?x=1&y=2", "?x=1&y=2&d=0", "?x=a&y=2&d=1", "?x=1&y=&d=1"])
      expect(viewOfSearch(search)).toBeUndefined();
  });
});
