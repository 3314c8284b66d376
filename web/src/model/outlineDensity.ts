/** How many outlines lie where: counts on grids, each coarser one the exact sum of the finer. Pure. */
import { centreOf } from "./outlineChunks";
import { CLASS_SLOTS, slotOf } from "./outlineMesh";
import type { PackedObjects } from "./wire";

/** Cells of the finest grid along the longer side. */
const FINEST_CELLS = 1024;

export interface DensityGrid {
  /** Level-0 pixels a cell is wide and high. */
  readonly cell: number;
  readonly columns: number;
  readonly rows: number;
  /** Objects whose box has its middle in the cell: cell after cell, row by row, for each class slot that occurs. */
  readonly counts: Uint32Array<ArrayBuffer>;
}

export interface Density {
  readonly originX: number;
  readonly originY: number;
  /** The class slots that occur, in order: the columns of `counts`. */
  readonly slots: readonly number[];
  /** The finest first. */
  readonly grids: readonly DensityGrid[];
}

export function densityOf(objects: PackedObjects): Density {
  const { count, bounds, classes } = objects;
  let [minX, minY, maxX, maxY] = [
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ];
  const columnOfSlot = new Int8Array(CLASS_SLOTS).fill(-1);
  for (let i = 0; i < count; i++) {
    const [x, y] = centreOf(bounds, i);
    if (x < minX) minX = x;
    if (y < minY) minY = y;
    if (x > maxX) maxX = x;
    if (y > maxY) maxY = y;
    columnOfSlot[slotOf(classes[i] ?? 0)] = 0;
  }
  const slots = [...columnOfSlot.keys()].filter((slot) => columnOfSlot[slot] === 0);
  for (const [column, slot] of slots.entries()) columnOfSlot[slot] = column;
  if (count === 0) return { originX: 0, originY: 0, slots, grids: [] };

  const cell = Math.max(1, (Math.max(maxX - minX, maxY - minY) + 1) / FINEST_CELLS);
  const [columns, rows] = [Math.floor((maxX - minX) / cell) + 1, Math.floor((maxY - minY) / cell) + 1];
  const counts = new Uint32Array(columns * rows * slots.length);
  for (let i = 0; i < count; i++) {
    const [x, y] = centreOf(bounds, i);
    const place = Math.floor((y - minY) / cell) * columns + Math.floor((x - minX) / cell);
    const at = place * slots.length + (columnOfSlot[slotOf(classes[i] ?? 0)] ?? 0);
    counts[at] = (counts[at] ?? 0) + 1;
  }
  const grids: DensityGrid[] = [{ cell, columns, rows, counts }];
  for (let finer = grids[0]; finer !== undefined && Math.max(finer.columns, finer.rows) > 1; ) {
    finer = halved(finer, slots.length);
    grids.push(finer);
  }
  return { originX: minX, originY: minY, slots, grids };
}

function halved({ cell, columns, rows, counts }: DensityGrid, slots: number): DensityGrid {
  const [halfColumns, halfRows] = [Math.ceil(columns / 2), Math.ceil(rows / 2)];
  const sums = new Uint32Array(halfColumns * halfRows * slots);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const to = ((row >> 1) * halfColumns + (column >> 1)) * slots;
      const from = (row * columns + column) * slots;
      for (let slot = 0; slot < slots; slot++) sums[to + slot] = (sums[to + slot] ?? 0) + (counts[from + slot] ?? 0);
    }
  }
  return { cell: cell * 2, columns: halfColumns, rows: halfRows, counts: sums };
}

/** Takes one object out of the counts of all grids, or puts it back (`by` = -1 or 1). The one place that changes them. */
export function countAgain(density: Density, objects: PackedObjects, position: number, by: 1 | -1): void {
  const slot = density.slots.indexOf(slotOf(objects.classes[position] ?? 0));
  const [x, y] = centreOf(objects.bounds, position);
  for (const { cell, columns, counts } of density.grids) {
    const place = Math.floor((y - density.originY) / cell) * columns + Math.floor((x - density.originX) / cell);
    const at = place * density.slots.length + slot;
    counts[at] = (counts[at] ?? 0) + by;
  }
}

type Rgb = readonly [number, number, number];

const NO_COLOR: Rgb = [0, 0, 0];
const THINNEST_ALPHA = 0.28;
const THICKEST_ALPHA = 0.82;

/** The grid as a picture, RGBA without premultiplication: a cell has the mixed colour of its classes and is the fuller the more lie in it. */
export function pictureOf(
  { columns, rows, counts }: DensityGrid,
  slots: readonly number[],
  colorOf: (slot: number) => Rgb,
): Uint8ClampedArray<ArrayBuffer> {
  const colors = slots.map(colorOf);
  const pixels = new Uint8ClampedArray(columns * rows * 4);
  let most = 1;
  for (let place = 0; place < columns * rows; place++) {
    let sum = 0;
    for (let slot = 0; slot < slots.length; slot++) sum += counts[place * slots.length + slot] ?? 0;
    if (sum > most) most = sum;
  }
  for (let place = 0; place < columns * rows; place++) {
    let [sum, red, green, blue] = [0, 0, 0, 0];
    for (let slot = 0; slot < slots.length; slot++) {
      const here = counts[place * slots.length + slot] ?? 0;
      const color = colors[slot] ?? NO_COLOR;
      sum += here;
      red += here * color[0];
      green += here * color[1];
      blue += here * color[2];
    }
    if (sum === 0) continue;
    const fullness = Math.log1p(sum) / Math.log1p(most);
    pixels[place * 4] = red / sum;
    pixels[place * 4 + 1] = green / sum;
    pixels[place * 4 + 2] = blue / sum;
    pixels[place * 4 + 3] = 255 * (THINNEST_ALPHA + (THICKEST_ALPHA - THINNEST_ALPHA) * fullness);
  }
  return pixels;
}
