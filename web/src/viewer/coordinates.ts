/**
 * The three planes of the viewer and the ways between them.
 *
 * level0: slide pixels, y down (all of Coslide). map: OpenLayers' plane, y up, so `y = -row`. screen: CSS pixels from the viewer's top left.
 */
import type { Bounds, Position } from "../model/annotation";

export function mapFromLevel0([x, y]: Position): [number, number] {
  return [x, -y];
}

export function level0FromMap(coordinate: readonly number[]): Position {
  return [coordinate[0] ?? 0, -(coordinate[1] ?? 0)];
}

/** OpenLayers' `[minX, minY, maxX, maxY]` of level-0 bounds. */
export function mapExtentFromLevel0([minX, minY, maxX, maxY]: Bounds): [number, number, number, number] {
  return [minX, -maxY, maxX, -minY];
}

/** Where the slide lies on the screen at one moment. */
export interface ScreenView {
  readonly center: Position;
  /** Level-0 pixels per CSS pixel. */
  readonly downsample: number;
  /** Clockwise on the screen, radians. */
  readonly rotation: number;
  readonly width: number;
  readonly height: number;
}

/** `[a, b, c, d, e, f]` as `CanvasRenderingContext2D.setTransform` takes them. */
export type Affine = readonly [number, number, number, number, number, number];

export function screenFromLevel0(view: ScreenView): Affine {
  const cos = Math.cos(view.rotation) / view.downsample;
  const sin = Math.sin(view.rotation) / view.downsample;
  const [cx, cy] = view.center;
  return [cos, sin, -sin, cos, view.width / 2 - cos * cx + sin * cy, view.height / 2 - sin * cx - cos * cy];
}

export function level0FromScreen(view: ScreenView): Affine {
  const cos = Math.cos(view.rotation) * view.downsample;
  const sin = Math.sin(view.rotation) * view.downsample;
  const [cx, cy] = view.center;
  const [halfWidth, halfHeight] = [view.width / 2, view.height / 2];
  return [cos, -sin, sin, cos, cx - cos * halfWidth - sin * halfHeight, cy + sin * halfWidth - cos * halfHeight];
}

export function applyAffine([a, b, c, d, e, f]: Affine, [x, y]: Position): Position {
  return [a * x + c * y + e, b * x + d * y + f];
}

/** First `second`, then `first`. */
export function composed(first: Affine, second: Affine): Affine {
  const [a, b, c, d, e, f] = second;
  const [g, h, i, j] = first;
  const [x, y] = applyAffine(first, [e, f]);
  return [g * a + i * b, h * a + j * b, g * c + i * d, h * c + j * d, x, y];
}

/** The four corners of what is seen, in level-0 pixels, clockwise from the screen's top left. */
export function visibleCorners(view: ScreenView): readonly Position[] {
  const toLevel0 = level0FromScreen(view);
  const corners: Position[] = [
    [0, 0],
    [view.width, 0],
    [view.width, view.height],
    [0, view.height],
  ];
  return corners.map((corner) => applyAffine(toLevel0, corner));
}
