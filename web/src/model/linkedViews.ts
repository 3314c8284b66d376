/** Two slides looked at side by side: where the other one stands when one of them moves, by physical distance. */
import type { Position } from "./annotation";

/** Where one looks from, in level-0 pixels of one slide. */
export interface Standpoint {
  readonly center: Position;
  /** Level-0 pixels per screen pixel. */
  readonly downsample: number;
  /** Clockwise on the screen. */
  readonly rotationDegrees: number;
}

export interface Mpp {
  readonly mppX: number | null;
  readonly mppY: number | null;
}

/** Two standpoints that are taken for the same place, and how many level-0 pixels of `to` are as long as one of `from`. */
export interface Link {
  readonly from: Standpoint;
  readonly to: Standpoint;
  readonly ratio: number;
}

/** Links the places that both are at. Where a slide's scale is not known, they keep the zoom that they have to each other now. */
export function linkOf(from: Standpoint, to: Standpoint, fromMpp: Mpp, toMpp: Mpp): Link {
  const [a, b] = [micrometresPerPixel(fromMpp), micrometresPerPixel(toMpp)];
  return { from, to, ratio: a === null || b === null ? to.downsample / from.downsample : a / b };
}

/** Where `to` stands when `from` stands there: as far from the linked place, on the screen, at the same micrometres per screen pixel. */
export function followed(link: Link, at: Standpoint): Standpoint {
  const turn = link.to.rotationDegrees - link.from.rotationDegrees;
  const [x, y] = [at.center[0] - link.from.center[0], at.center[1] - link.from.center[1]];
  const radians = (-turn * Math.PI) / 180;
  const [cos, sin] = [Math.cos(radians) * link.ratio, Math.sin(radians) * link.ratio];
  return {
    center: [link.to.center[0] + cos * x - sin * y, link.to.center[1] + sin * x + cos * y],
    downsample: at.downsample * link.ratio,
    rotationDegrees: at.rotationDegrees + turn,
  };
}

/** The same link seen from the other slide. */
export function reversed({ from, to, ratio }: Link): Link {
  return { from: to, to: from, ratio: 1 / ratio };
}

function micrometresPerPixel({ mppX, mppY }: Mpp): number | null {
  return mppX === null || mppY === null ? null : Math.sqrt(mppX * mppY);
}
