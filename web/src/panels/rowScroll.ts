/** Scrolling through more rows than a browser lets an element be high: the bar then moves faster than the rows. Pure. */

/** Firefox ends at 17.8 million pixels, Chromium at 33.5. */
const HIGHEST_PX = 15_000_000;

export class RowScroll {
  /** Height of what is scrolled, as the browser is told it. */
  readonly barPx: number;
  private readonly rate: number;

  /** @param rowsPx height of all rows together; @param seenPx height of the part that is seen */
  constructor(rowsPx: number, seenPx: number) {
    this.barPx = Math.min(rowsPx, HIGHEST_PX);
    this.rate = rowsPx > HIGHEST_PX ? (rowsPx - seenPx) / (HIGHEST_PX - seenPx) : 1;
  }

  /** How far down the rows one is when the bar stands at `scrollTop`. */
  rowsAt(scrollTop: number): number {
    return scrollTop * this.rate;
  }

  /** The bar's `scrollTop` for a place among the rows. */
  barAt(rowsTop: number): number {
    return rowsTop / this.rate;
  }
}
