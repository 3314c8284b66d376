/** A view of a slide as part of its address, so that a link reopens exactly it; of a second slide beside it too. */
import type { Standpoint } from "../model/linkedViews";

export interface BesideView {
  readonly slideId: string;
  readonly linked: boolean;
  readonly view: Standpoint | undefined;
}

export function viewOfSearch(search: string): Standpoint | undefined {
  return standpointOf(new URLSearchParams(search), "");
}

export function besideOfSearch(search: string): BesideView | null {
  const parameters = new URLSearchParams(search);
  const slideId = parameters.get("with");
  if (!slideId) return null;
  return { slideId, linked: parameters.get("apart") === null, view: standpointOf(parameters, "w") };
}

export function searchOfView(view: Standpoint, beside: BesideView | null = null): string {
  const main = `?${partsOf(view, "")}`;
  if (beside === null) return main;
  const other = beside.view === undefined ? "" : `&${partsOf(beside.view, "w")}`;
  return `${main}&with=${beside.slideId}${other}${beside.linked ? "" : "&apart=1"}`;
}

function standpointOf(parameters: URLSearchParams, prefix: string): Standpoint | undefined {
  const number = (name: string) => {
    const text = parameters.get(prefix + name);
    const value = text === null || text === "" ? Number.NaN : Number(text);
    return Number.isFinite(value) ? value : null;
  };
  const [x, y, downsample] = [number("x"), number("y"), number("d")];
  if (x === null || y === null || downsample === null || downsample <= 0) return undefined;
  return { center: [x, y], downsample, rotationDegrees: number("r") ?? 0 };
}

function partsOf({ center: [x, y], downsample, rotationDegrees }: Standpoint, prefix: string): string {
  const turned = rotationDegrees === 0 ? "" : `&${prefix}r=${Math.round(rotationDegrees)}`;
  const place = `${prefix}x=${Math.round(x)}&${prefix}y=${Math.round(y)}`;
  return `${place}&${prefix}d=${Number(downsample.toPrecision(4))}${turned}`;
}
