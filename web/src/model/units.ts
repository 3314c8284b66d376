/** Lengths and areas for people. Numbers go in as level-0 pixels with the slide's mpp, and come out as µm, mm or px. */

export interface Scale {
  /** Micrometres per level-0 pixel; `null` when unknown. */
  readonly mppX: number | null;
  readonly mppY: number | null;
}

/** The mean mpp of both axes, or `null`. */
export function mppOf(scale: Scale): number | null {
  if (scale.mppX === null || scale.mppY === null) return null;
  return (scale.mppX + scale.mppY) / 2;
}

/** "812 µm", "1.24 mm", or "3,204 px" where the scale is unknown. */
export function formatLength(lengthPx: number, scale: Scale, locale = "en"): string {
  const mpp = mppOf(scale);
  if (mpp === null) return `${formatNumber(lengthPx, locale)} px`;
  const um = lengthPx * mpp;
  return um < 1000 ? `${formatNumber(um, locale)} µm` : `${formatNumber(um / 1000, locale)} mm`;
}

/** "940 µm²", "0.31 mm²", or "1.2 Mpx" where the scale is unknown. */
export function formatArea(areaPx: number, scale: Scale, locale = "en"): string {
  if (scale.mppX === null || scale.mppY === null) {
    return areaPx < 1e6 ? `${formatNumber(areaPx, locale)} px²` : `${formatNumber(areaPx / 1e6, locale)} Mpx`;
  }
  const um2 = areaPx * scale.mppX * scale.mppY;
  return um2 < 10_000 ? `${formatNumber(um2, locale)} µm²` : `${formatNumber(um2 / 1e6, locale)} mm²`;
}

/** Three significant digits below 1000, whole numbers above, grouped. */
export function formatNumber(value: number, locale = "en"): string {
  const size = Math.abs(value);
  if (size >= 100) return value.toLocaleString(locale, { maximumFractionDigits: 0 });
  if (size >= 10) return value.toLocaleString(locale, { maximumFractionDigits: 1 });
  if (size >= 1) return value.toLocaleString(locale, { maximumFractionDigits: 2 });
  return value.toLocaleString(locale, { maximumSignificantDigits: 2 });
}

export interface ScaleBar {
  readonly widthScreenPx: number;
  readonly label: string;
}

/** The longest bar of a round length (1, 2 or 5 times a power of ten) that is at most `maxScreenPx` wide. */
export function scaleBar(downsample: number, scale: Scale, maxScreenPx: number): ScaleBar {
  const mpp = mppOf(scale);
  const unitsPerScreenPx = downsample * (mpp ?? 1);
  const longest = unitsPerScreenPx * maxScreenPx;
  const power = 10 ** Math.floor(Math.log10(longest));
  const length = [5, 2, 1].map((step) => step * power).find((candidate) => candidate <= longest) ?? power;
  const widthScreenPx = length / unitsPerScreenPx;
  if (mpp === null) return { widthScreenPx, label: `${plain(length)} px` };
  return { widthScreenPx, label: length >= 1000 ? `${plain(length / 1000)} mm` : `${plain(length)} µm` };
}

function plain(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** What "10×" means on this slide: level-0 pixels per screen pixel at 1×; `null` when neither power nor mpp is known. */
export function downsampleAtOneX(facts: Scale & { readonly objectivePower: number | null }): number | null {
  if (facts.objectivePower !== null) return facts.objectivePower;
  const mpp = mppOf(facts);
  // By convention 10 µm per pixel is 1x: 0.25 µm/px is 40x.
  return mpp === null ? null : 10 / mpp;
}
