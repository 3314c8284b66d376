/** Colours as the canvas wants them. */

/** `#rrggbb` with an alpha of 0..1. */
export function withAlpha(hex: string, alpha: number): string {
  const [red, green, blue] = channels(hex);
  return `rgba(${red}, ${green}, ${blue}, ${alpha})`;
}

/** Red, green and blue, 0..255, of `#rgb` or `#rrggbb`; grey for anything else. */
export function channels(hex: string): readonly [number, number, number] {
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(hex);
  const parts = short ? short.slice(1).map((digit) => digit + digit) : (/^#(..)(..)(..)$/.exec(hex)?.slice(1) ?? []);
  const [red = 156, green = 152, blue = 173] = parts.map((part) => Number.parseInt(part, 16));
  return [red, green, blue];
}

/** Black or white, whichever is read better on the colour. */
export function inkOn(hex: string): string {
  const [red, green, blue] = channels(hex);
  return 0.299 * red + 0.587 * green + 0.114 * blue > 150 ? "#16151c" : "#ffffff";
}

const HATCH_PX = 10;
const patterns = new Map<string, CanvasPattern>();

/** Diagonal stripes, 2 of 10 device pixels, for what is unsure. */
export function hatch(hex: string, alpha: number): CanvasPattern | string {
  const key = `${hex}/${alpha}`;
  const known = patterns.get(key);
  if (known !== undefined) return known;
  const tile = document.createElement("canvas");
  tile.width = HATCH_PX;
  tile.height = HATCH_PX;
  const context = tile.getContext("2d");
  if (context === null) return withAlpha(hex, alpha / 2);
  context.strokeStyle = withAlpha(hex, alpha);
  context.lineWidth = 1.75;
  context.beginPath();
  for (const offset of [-HATCH_PX, 0, HATCH_PX]) {
    context.moveTo(offset - 2, HATCH_PX + 2);
    context.lineTo(offset + HATCH_PX + 2, -2);
  }
  context.stroke();
  const pattern = context.createPattern(tile, "repeat");
  if (pattern === null) return withAlpha(hex, alpha / 2);
  patterns.set(key, pattern);
  return pattern;
}
