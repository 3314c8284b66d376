/** A view of a slide as part of its address, so that a link reopens exactly it. */
import type { ViewportState, WorkbenchOptions } from "../viewer/facade";

type View = NonNullable<WorkbenchOptions["view"]>;

export function viewOfSearch(search: string): View | undefined {
  const parameters = new URLSearchParams(search);
  const number = (name: string) => {
    const text = parameters.get(name);
    const value = text === null || text === "" ? Number.NaN : Number(text);
    return Number.isFinite(value) ? value : null;
  };
  const [x, y, downsample] = [number("x"), number("y"), number("d")];
  if (x === null || y === null || downsample === null || downsample <= 0) return undefined;
  return { center: [x, y], downsample, rotationDegrees: number("r") ?? 0 };
}

export function searchOfView({ center, downsample, rotationDegrees }: ViewportState): string {
  const [x, y] = center;
  const turned = rotationDegrees === 0 ? "" : `&r=${Math.round(rotationDegrees)}`;
  return `?x=${Math.round(x)}&y=${Math.round(y)}&d=${Number(downsample.toPrecision(4))}${turned}`;
}
