/** Smooth curves through points that a hand has set. Pure. */
import type { Position, Ring } from "./annotation";
import { closeRing, distance, simplify } from "./geometry";

/** Samples between two points before those that lie on the way are left out again. */
const SAMPLES = 24;

/**
 * A closed curve through all points in their order, as an outline that lies within `tolerance` of it.
 *
 * Centripetal Catmull-Rom (Yuksel et al. 2011): it makes no loops or cusps between two points. Fewer than three points come back as they are.
 */
export function closedSpline(points: readonly Position[], tolerance: number): Ring {
  const corners = points.filter((point, index) => index === 0 || distance(point, points[index - 1] ?? point) > 0);
  const count = corners.length;
  if (count < 3) return closeRing(corners);
  const at = (index: number): Position => corners[((index % count) + count) % count] ?? [0, 0];
  const curve = corners.flatMap((_, index) => {
    const stretch = Array.from({ length: SAMPLES + 1 }, (__, k) =>
      between([at(index - 1), at(index), at(index + 1), at(index + 2)], k / SAMPLES),
    );
    // Each stretch by itself, so that the points that were set stay.
    return simplify(stretch, tolerance).slice(0, -1);
  });
  return closeRing(curve);
}

type Four = readonly [Position, Position, Position, Position];

/** The curve at `t` from 0 to 1 between the two middle ones of four points. */
function between([p0, p1, p2, p3]: Four, t: number): Position {
  if (t === 0) return p1;
  if (t === 1) return p2;
  // Knots by the square root of the way; the pyramid of Barry and Goldman.
  const t1 = Math.max(1e-9, Math.sqrt(distance(p0, p1)));
  const t2 = t1 + Math.max(1e-9, Math.sqrt(distance(p1, p2)));
  const t3 = t2 + Math.max(1e-9, Math.sqrt(distance(p2, p3)));
  const u = t1 + t * (t2 - t1);
  const a1 = mixed(p0, p1, 0, t1, u);
  const a2 = mixed(p1, p2, t1, t2, u);
  const a3 = mixed(p2, p3, t2, t3, u);
  return mixed(mixed(a1, a2, 0, t2, u), mixed(a2, a3, t1, t3, u), t1, t2, u);
}

function mixed([ax, ay]: Position, [bx, by]: Position, from: number, to: number, u: number): Position {
  const share = (u - from) / (to - from);
  return [ax + (bx - ax) * share, ay + (by - ay) * share];
}
