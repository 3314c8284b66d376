/** The box around a selection with its handles, and what pulling one makes of the shapes. Pure. */
import type { Bounds, Geometry, Position } from "../model/annotation";
import { distance, middleOf, rotate, scaleAbout, translate } from "../model/geometry";
import type { Handle } from "../viewer/sketch";

/** The turning handle lies so far above the box. */
const TURN_PX = 28;
const TURN_STEP = Math.PI / 12;
/** A box is never pulled narrower than this, nor over its other side. */
const LEAST_FACTOR = 0.01;

type Side = -1 | 0 | 1;

export type BoxHandle = Handle &
  ({ readonly kind: "corner"; readonly sideX: Side; readonly sideY: Side } | { readonly kind: "turn" });

/** Eight handles that stretch, one that turns. */
export function boxHandles(bounds: Bounds, downsample: number): readonly BoxHandle[] {
  const [minX, minY, maxX, maxY] = bounds;
  const [middleX, middleY] = middleOf(bounds);
  const [xs, ys] = [
    [minX, middleX, maxX],
    [minY, middleY, maxY],
  ] as const;
  const sides: readonly Side[] = [-1, 0, 1];
  const stretching = sides.flatMap((sideY) =>
    sides
      .filter((sideX) => (sideX !== 0 || sideY !== 0) && (sideX === 0 || maxX > minX) && (sideY === 0 || maxY > minY))
      .map(
        (sideX): BoxHandle => ({
          kind: "corner",
          sideX,
          sideY,
          position: [xs[sideX + 1] ?? middleX, ys[sideY + 1] ?? middleY],
          active: false,
        }),
      ),
  );
  return [...stretching, { kind: "turn", position: [middleX, minY - TURN_PX * downsample], active: false }];
}

export function boxHandleAt(handles: readonly BoxHandle[], position: Position, reach: number): BoxHandle | undefined {
  return handles
    .filter((handle) => distance(handle.position, position) <= reach)
    .sort((a, b) => distance(a.position, position) - distance(b.position, position))[0];
}

export interface Pull {
  readonly from: Position;
  readonly to: Position;
  /** Shift: as wide for as high, or turned by steps of 15°. */
  readonly even: boolean;
  /** Alt: away from the middle instead of the other side. */
  readonly fromMiddle: boolean;
}

export interface Transform {
  readonly kind: "move" | "scale" | "turn";
  /** Of one shape; the same for all of the selection. */
  apply(geometry: Geometry): Geometry;
  /** For the plate at the pointer: factors, or degrees clockwise. */
  readonly amount: readonly number[];
}

export function moved({ from, to }: Pull): Transform {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  return { kind: "move", apply: (geometry) => translate(geometry, dx, dy), amount: [dx, dy] };
}

/** What pulling a handle of the box does. */
export function pulled(bounds: Bounds, handle: BoxHandle, pull: Pull): Transform {
  return handle.kind === "turn" ? turned(bounds, pull) : stretched(bounds, handle.sideX, handle.sideY, pull);
}

function turned(bounds: Bounds, { from, to, even }: Pull): Transform {
  const middle = middleOf(bounds);
  const angle = Math.atan2(to[1] - middle[1], to[0] - middle[0]) - Math.atan2(from[1] - middle[1], from[0] - middle[0]);
  const radians = even ? Math.round(angle / TURN_STEP) * TURN_STEP : angle;
  const degrees = (((((radians * 180) / Math.PI) % 360) + 540) % 360) - 180;
  return { kind: "turn", apply: (geometry) => rotate(geometry, middle, radians), amount: [degrees] };
}

function stretched(bounds: Bounds, sideX: Side, sideY: Side, { from, to, even, fromMiddle }: Pull): Transform {
  const [minX, minY, maxX, maxY] = bounds;
  const middle = middleOf(bounds);
  const fixed: Position = fromMiddle
    ? middle
    : [sideX < 0 ? maxX : sideX > 0 ? minX : middle[0], sideY < 0 ? maxY : sideY > 0 ? minY : middle[1]];
  const factor = (side: Side, low: number, high: number, stays: number, way: number) => {
    const edge = side < 0 ? low : high;
    return side === 0 || edge === stays ? null : Math.max(LEAST_FACTOR, (edge + way - stays) / (edge - stays));
  };
  const x = factor(sideX, minX, maxX, fixed[0], to[0] - from[0]);
  const y = factor(sideY, minY, maxY, fixed[1], to[1] - from[1]);
  const larger = Math.max(x ?? LEAST_FACTOR, y ?? LEAST_FACTOR);
  const [factorX, factorY] = even ? [larger, larger] : [x ?? 1, y ?? 1];
  return {
    kind: "scale",
    apply: (geometry) => scaleAbout(geometry, fixed, factorX, factorY),
    amount: [factorX, factorY],
  };
}
