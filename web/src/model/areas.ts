/** What the area commands make of shapes. Pure; loaded when a command is used first. Level-0 pixels throughout. */
import {
  Clipper64,
  ClipType,
  difference,
  EndType,
  FillRule,
  inflatePaths,
  intersect,
  JoinType,
  type Path64,
  type Paths64,
  union,
  xor,
} from "clipper2-ts";
import type { Geometry, Position, Ring } from "./annotation";
import { geometryOf, pathFrom, pathsFrom, UNITS_PER_PX } from "./booleans";
import {
  areaOf,
  closeRing,
  contains,
  distance,
  distanceToOutline,
  nearestOnSegment,
  polygonsOf,
  simplify,
} from "./geometry";

/** Half the width of the cut that tells the pieces apart before they are joined to the line again. */
const KNIFE_UNITS = 2;
/** Smaller pieces are grazes of the boundary, not parts that somebody wanted. */
const SMALLEST_PIECE_PX2 = 1;
/** How far a rounded corner may lie from its circle. */
const ARC_TOLERANCE_UNITS = 2;
const MITER_LIMIT = 2;

/** Everything that lies in one of the areas; `null` when none has an area. */
export function unionOfAll(areas: readonly Geometry[]): Geometry | null {
  return geometryOf(union(areas.flatMap(pathsFrom), FillRule.NonZero));
}

/** What lies in every one of the areas; `null` when they have nothing in common. */
export function intersectionOfAll(areas: readonly Geometry[]): Geometry | null {
  return folded(areas, intersect);
}

/** What lies in an odd number of the areas, as of two: in one, but not in both. */
export function exclusionOfAll(areas: readonly Geometry[]): Geometry | null {
  return folded(areas, xor);
}

/** The area with a border of `byPx` around it, corners round; a negative value takes the border away. `null` when nothing is left. */
export function grown(area: Geometry, byPx: number): Geometry | null {
  const delta = byPx * UNITS_PER_PX;
  const paths = union(pathsFrom(area), FillRule.NonZero);
  return geometryOf(inflatePaths(paths, delta, JoinType.Round, EndType.Polygon, MITER_LIMIT, ARC_TOLERANCE_UNITS));
}

/** The area with all holes filled, and what lay in them with it. */
export function withoutHoles(area: Geometry): Geometry {
  const outlines = polygonsOf(area).map(([outline]): Geometry => ({ type: "Polygon", coordinates: [outline ?? []] }));
  return unionOfAll(outlines) ?? area;
}

export function hasHoles(geometry: Geometry): boolean {
  return polygonsOf(geometry).some((rings) => rings.length > 1);
}

/** With fewer points, none of those left out further than `tolerancePx` from the outline. What would collapse stays as it is. */
export function simplified(geometry: Geometry, tolerancePx: number): Geometry {
  if (geometry.type === "Point") return geometry;
  if (geometry.type === "LineString")
    return { type: "LineString", coordinates: simplify(geometry.coordinates, tolerancePx) };
  const fewer = polygonsOf(geometry).map((rings) => rings.map((ring) => simplifiedRing(ring, tolerancePx)));
  // Leaving points out may make outlines cross.
  return unionOfAll(fewer.map((coordinates): Geometry => ({ type: "Polygon", coordinates }))) ?? geometry;
}

/** The pieces that a line cuts an area into, the largest first; empty when it does not cut through. Pieces share the line as their border. */
export function splitBy(area: Geometry, line: readonly Position[]): readonly Geometry[] {
  const chords = chordsOf(area, line);
  if (chords.length === 0) return [];
  const knife = inflatePaths(chords.map(prolonged), KNIFE_UNITS, JoinType.Miter, EndType.Butt, MITER_LIMIT);
  const apart = geometryOf(difference(pathsFrom(area), knife, FillRule.NonZero));
  if (apart === null) return [];
  const original = new Set(polygonsOf(area).flat(2).map(String));
  const cuts = chords.map((chord) => chord.map(positionOf));
  const pieces = polygonsOf(apart)
    .map((rings): Geometry => ({ type: "Polygon", coordinates: rings.map((ring) => joinedTo(cuts, ring, original)) }))
    .filter((piece) => areaOf(piece) >= SMALLEST_PIECE_PX2);
  return pieces.length > polygonsOf(area).length ? pieces.sort((a, b) => areaOf(b) - areaOf(a)) : [];
}

type Combine = (subject: Paths64, clip: Paths64, fillRule: FillRule) => Paths64;

function folded(areas: readonly Geometry[], combine: Combine): Geometry | null {
  const [first, ...others] = areas.map((area) => union(pathsFrom(area), FillRule.NonZero));
  if (first === undefined) return null;
  return geometryOf(others.reduce((all, paths) => combine(all, paths, FillRule.NonZero), first));
}

/** A ring of at least three corners; one that would have fewer stays whole. */
function simplifiedRing(ring: Ring, tolerancePx: number): Ring {
  // From the corner that is farthest from the first: both are corners of the result, too.
  const open = ring.slice(0, -1);
  const [first] = open;
  if (first === undefined) return ring;
  let farthest = 0;
  for (const [index, position] of open.entries())
    if (distance(first, position) > distance(first, open[farthest] ?? first)) farthest = index;
  const half = simplify(open.slice(0, farthest + 1), tolerancePx);
  const otherHalf = simplify([...open.slice(farthest), first], tolerancePx);
  const fewer = [...half, ...otherHalf.slice(1)];
  return fewer.length >= 4 ? fewer : ring;
}

/** The stretches of the line from border to border of the area; without ends that stop inside, which cut nothing. */
function chordsOf(area: Geometry, line: readonly Position[]): Paths64 {
  const clipper = new Clipper64();
  clipper.addOpenSubject([pathFrom(line)]);
  clipper.addClip(pathsFrom(area));
  const chords: Paths64 = [];
  clipper.execute(ClipType.Intersection, FillRule.NonZero, [], chords);
  const inside = (point: Path64[number] | undefined) => {
    if (point === undefined) return true;
    const position = positionOf(point);
    return contains(area, position) && distanceToOutline(area, position) > 1 / UNITS_PER_PX;
  };
  return chords.filter((chord) => chord.length >= 2 && !inside(chord[0]) && !inside(chord[chord.length - 1]));
}

/** A little longer at both ends, so that the cut surely reaches through the border. */
function prolonged(chord: Path64): Path64 {
  const beyond = (end: Path64[number] | undefined, before: Path64[number] | undefined): Path64 => {
    if (end === undefined || before === undefined) return [];
    const length = Math.hypot(end.x - before.x, end.y - before.y) || 1;
    const by = (2 * KNIFE_UNITS) / length;
    return [{ x: Math.round(end.x + (end.x - before.x) * by), y: Math.round(end.y + (end.y - before.y) * by) }];
  };
  const last = chord.length - 1;
  return [...beyond(chord[0], chord[1]), ...chord, ...beyond(chord[last], chord[last - 1])];
}

/** The ring with its corners at the cut moved onto the line, to a corner of the line where one is near; corners that the area had before stay. */
function joinedTo(cuts: readonly (readonly Position[])[], ring: Ring, original: ReadonlySet<string>): Ring {
  const moved = ring
    .slice(0, -1)
    .map((position) => (original.has(String(position)) ? position : onCut(cuts, position)));
  const apart = moved.filter((position, index) => {
    const before = moved[(index + moved.length - 1) % moved.length];
    return before === undefined || distance(before, position) > 0;
  });
  return closeRing(apart);
}

function onCut(cuts: readonly (readonly Position[])[], position: Position): Position {
  const reach = (KNIFE_UNITS * MITER_LIMIT + 1) / UNITS_PER_PX;
  const nearer = (best: Position | null, candidate: Position) =>
    distance(candidate, position) < (best === null ? reach : distance(best, position)) ? candidate : best;
  const corner = cuts.flat().reduce(nearer, null);
  if (corner !== null) return corner;
  const feet = cuts.flatMap((cut) => cut.slice(1).map((b, i) => nearestOnSegment(position, cut[i] ?? b, b)));
  return feet.reduce(nearer, null) ?? position;
}

function positionOf({ x, y }: Path64[number]): Position {
  return [x / UNITS_PER_PX, y / UNITS_PER_PX];
}
