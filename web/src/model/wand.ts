/** The magic wand: everything around a place that is alike, as an outline. Pure; loaded when the wand is taken. Rasters are row by row. */
import { FillRule, type Paths64, union } from "clipper2-ts";
import type { Geometry, Position } from "./annotation";
import { geometryOf, pathFrom } from "./booleans";
import { closeRing, simplify } from "./geometry";

export interface Raster {
  /** RGBA, 8 bit. */
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

/** How unlike every pixel is to the place one began at: 0 the same, 255 the opposite, or not known. */
export interface Difference {
  readonly values: Uint8Array;
  /** The same before it was smoothed, by which a region is let grow up to its true border. */
  readonly sharp: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** The tolerance to begin with. */
  readonly tolerance: number;
}

/** Noise and single nuclei are smoothed away over so many pixels in each direction. */
const BLUR = 2;
const COLOUR_TOLERANCE = 24;
const UNKNOWN = 255;
/** A class that the model gives less than this to is not what one points at. */
const SURE = 128;
/** Holes smaller than this are left out of a region, in pixels. */
const SMALLEST_HOLE = 150;
/** How far an outline may lie from the pixels' edges, in pixels. */
const TOLERANCE = 0.75;

/** By colour: the distance to the mean colour around the place, green counting most, as eyes do. */
export function colourDifference(raster: Raster, place: Position): Difference {
  const { data, width, height } = raster;
  const [red, green, blue] = [0, 1, 2].map((channel) => blurred(raster, channel)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const at = indexOf(place, width);
  const [r, g, b] = [red[at] ?? 0, green[at] ?? 0, blue[at] ?? 0];
  const values = new Uint8Array(width * height);
  const sharp = new Uint8Array(width * height);
  for (let i = 0; i < values.length; i++) {
    if ((data[i * 4 + 3] ?? 0) < 128) {
      values[i] = sharp[i] = UNKNOWN;
      continue;
    }
    values[i] = colourDistance((red[i] ?? 0) - r, (green[i] ?? 0) - g, (blue[i] ?? 0) - b);
    sharp[i] = colourDistance((data[i * 4] ?? 0) - r, (data[i * 4 + 1] ?? 0) - g, (data[i * 4 + 2] ?? 0) - b);
  }
  return { values, sharp, width, height, tolerance: COLOUR_TOLERANCE };
}

/** From the differences of the channels. */
function colourDistance(red: number, green: number, blue: number): number {
  return Math.min(254, Math.sqrt((3 * red * red + 4 * green * green + 2 * blue * blue) / 9));
}

/**
 * By a model's probabilities, coded as heatmap tiles are (red the positive class, green the benign one, each times 255; alpha 0: none):
 * how much less the class of the place is than there. `null` where the model sees neither class at the place.
 *
 * `threshold` is the one that outlines are made with, 0 to 1.
 */
export function probabilityDifference(raster: Raster, place: Position, threshold: number): Difference | null {
  const { data, width, height } = raster;
  const at = indexOf(place, width) * 4;
  const [positive, benign] = [data[at] ?? 0, data[at + 1] ?? 0];
  if ((data[at + 3] ?? 0) < 128 || Math.max(positive, benign) < SURE) return null;
  const channel = positive >= benign ? 0 : 1;
  const there = Math.max(positive, benign);
  const values = new Uint8Array(width * height);
  for (let i = 0; i < values.length; i++) {
    const known = (data[i * 4 + 3] ?? 0) >= 128;
    values[i] = known ? Math.min(254, Math.max(0, there - (data[i * 4 + channel] ?? 0))) : UNKNOWN;
  }
  return { values, sharp: values, width, height, tolerance: Math.max(8, there - Math.round(threshold * 255)) };
}

/** Everything connected with the place that is no more unlike than `tolerance`, as a geometry in pixels; `null` for nothing. */
export function regionAround(difference: Difference, place: Position, tolerance: number): Geometry | null {
  const { width, height } = difference;
  let mask = flooded(difference, indexOf(place, width), tolerance);
  if (difference.sharp !== difference.values)
    for (let step = 0; step < BLUR; step++) mask = widened(mask, difference, tolerance);
  const rings = edgesOf(mask, width, height).filter(
    (ring) => areaOfRing(ring) > 0 || areaOfRing(ring) < -SMALLEST_HOLE,
  );
  const paths: Paths64 = rings.map((ring) => pathFrom(smoothed(ring)));
  return geometryOf(union(paths, FillRule.NonZero));
}

function indexOf([x, y]: Position, width: number): number {
  return Math.floor(y) * width + Math.floor(x);
}

/** One channel with a box blur, by running sums: along the rows, then along the columns. */
function blurred({ data, width, height }: Raster, channel: number): Float32Array {
  const rows = new Float32Array(width * height);
  for (let y = 0; y < height; y++)
    runningMean(
      width,
      (x) => data[(y * width + x) * 4 + channel] ?? 0,
      (x, mean) => {
        rows[y * width + x] = mean;
      },
    );
  const both = new Float32Array(width * height);
  for (let x = 0; x < width; x++)
    runningMean(
      height,
      (y) => rows[y * width + x] ?? 0,
      (y, mean) => {
        both[y * width + x] = mean;
      },
    );
  return both;
}

function runningMean(length: number, get: (i: number) => number, set: (i: number, mean: number) => void): void {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < Math.min(BLUR, length); i++, count++) sum += get(i);
  for (let i = 0; i < length; i++) {
    if (i + BLUR < length) {
      sum += get(i + BLUR);
      count++;
    }
    if (i - BLUR - 1 >= 0) {
      sum -= get(i - BLUR - 1);
      count--;
    }
    set(i, sum / count);
  }
}

/** 1 for every pixel that is reached from the first one over sides of pixels; 0 elsewhere. */
function flooded({ values, width, height }: Difference, first: number, tolerance: number): Uint8Array {
  const mask = new Uint8Array(width * height);
  const waiting = new Int32Array(width * height);
  let count = 0;
  const visit = (index: number) => {
    if (mask[index] === 1 || (values[index] ?? UNKNOWN) > tolerance || values[index] === UNKNOWN) return;
    mask[index] = 1;
    waiting[count++] = index;
  };
  if (first >= 0 && first < mask.length) visit(first);
  while (count > 0) {
    const index = waiting[--count] ?? 0;
    const x = index % width;
    if (x > 0) visit(index - 1);
    if (x < width - 1) visit(index + 1);
    if (index >= width) visit(index - width);
    if (index < width * (height - 1)) visit(index + width);
  }
  return mask;
}

/** The mask with those of its neighbours that are alike themselves. */
function widened(mask: Uint8Array, { sharp, width, height }: Difference, tolerance: number): Uint8Array {
  const wider = mask.slice();
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 1 || (sharp[i] ?? UNKNOWN) > tolerance) continue;
    const x = i % width;
    const touches =
      (x > 0 && mask[i - 1] === 1) ||
      (x < width - 1 && mask[i + 1] === 1) ||
      mask[i - width] === 1 ||
      (i < width * (height - 1) && mask[i + width] === 1);
    if (touches) wider[i] = 1;
  }
  return wider;
}

/**
 * The edges between inside and outside as closed ways over pixel corners, without the repeated first one; inside lies to the right.
 *
 * At a corner where two pixels touch, the way turns right, so that each stays a ring of its own.
 */
function edgesOf(mask: Uint8Array, width: number, height: number): Position[][] {
  const inside = (x: number, y: number) => x >= 0 && y >= 0 && x < width && y < height && mask[y * width + x] === 1;
  const done = new Uint8Array((width + 1) * (height + 1));
  const rings: Position[][] = [];
  // Every ring has an edge that leads right, along the top of a pixel.
  for (let y = 0; y <= height; y++)
    for (let x = 0; x < width; x++)
      if (inside(x, y) && !inside(x, y - 1) && done[y * (width + 1) + x] === 0)
        rings.push(
          wayFrom(x, y, inside, (cornerX, cornerY) => {
            done[cornerY * (width + 1) + cornerX] = 1;
          }),
        );
  return rings;
}

const WAYS = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
] as const;

function wayFrom(
  startX: number,
  startY: number,
  inside: (x: number, y: number) => boolean,
  noteTop: (x: number, y: number) => void,
): Position[] {
  const ring: Position[] = [];
  let [x, y, way] = [startX, startY, 0];
  do {
    if (way === 0) noteTop(x, y);
    const [dx, dy] = WAYS[way] ?? [0, 0];
    ring.push([x, y]);
    x += dx;
    y += dy;
    // The pixels ahead, to the right and to the left of the way.
    const [right, left] = [pixelAhead(x, y, way, true), pixelAhead(x, y, way, false)];
    if (!inside(...right)) way = (way + 1) % 4;
    else if (inside(...left)) way = (way + 3) % 4;
  } while (x !== startX || y !== startY || way !== 0);
  return ring;
}

/** The pixel beyond a corner on one side of the way. */
function pixelAhead(x: number, y: number, way: number, right: boolean): [number, number] {
  switch (way) {
    case 0:
      return [x, right ? y : y - 1];
    case 1:
      return [right ? x - 1 : x, y];
    case 2:
      return [x - 1, right ? y - 1 : y];
    default:
      return [right ? x : x - 1, y - 1];
  }
}

/** Twice the shoelace sum halved; positive for outlines that have their inside to the right, y down. */
function areaOfRing(ring: readonly Position[]): number {
  let sum = 0;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [a, b] = [ring[j], ring[i]];
    if (a !== undefined && b !== undefined) sum += a[0] * b[1] - b[0] * a[1];
  }
  return sum / 2;
}

/** Without the stairs of the pixels: through the middles of their edges, then with fewer points. */
function smoothed(ring: readonly Position[]): readonly Position[] {
  const middles = ring.map((point, index): Position => {
    const next = ring[(index + 1) % ring.length] ?? point;
    return [(point[0] + next[0]) / 2, (point[1] + next[1]) / 2];
  });
  const half = Math.floor(middles.length / 2);
  const [first, middle] = [middles[0], middles[half]];
  if (first === undefined || middle === undefined) return ring;
  const there = simplify(middles.slice(0, half + 1), TOLERANCE);
  const back = simplify([...middles.slice(half), first], TOLERANCE);
  return closeRing([...there, ...back.slice(1, -1)]);
}
