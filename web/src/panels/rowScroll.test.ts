import { describe, expect, it } from "vitest";
import { RowScroll } from "./rowScroll";

describe("RowScroll", () => {
  it("scrolls pixel by pixel while the browser can be that high", () => {
    const scroll = new RowScroll(32_000, 232);
    expect([scroll.barPx, scroll.rowsAt(1234), scroll.barAt(1234)]).toEqual([32_000, 1234, 1234]);
  });

  it("reaches the last of a million rows within what a browser allows", () => {
    const scroll = new RowScroll(32_000_000, 232);
    expect(scroll.barPx).toBe(15_000_000);
    expect(scroll.rowsAt(15_000_000 - 232)).toBeCloseTo(32_000_000 - 232, 3);
    expect(scroll.rowsAt(scroll.barAt(16_000_000))).toBeCloseTo(16_000_000, 3);
  });
});
