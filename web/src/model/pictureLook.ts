/**
 * How a slide's picture is shown to one reader: brightness, contrast, gamma, and one stain alone. The pixels of the file stay as they are.
 *
 * Stains are told apart by Ruifrok and Johnston's colour deconvolution (Anal Quant Cytol Histol 2001;23:291-299): optical densities of
 * red, green and blue are a sum of the stains' own, so the inverse of the matrix of stains gives how much there is of each.
 */
export const STAINS = ["ALL", "HAEMATOXYLIN", "EOSIN", "RESIDUAL"] as const;
export type Stain = (typeof STAINS)[number];

export interface PictureLook {
  /** -1 to 1, added to every channel; 0 changes nothing. */
  readonly brightness: number;
  /** -1 to 1; 0 changes nothing, -1 leaves grey. */
  readonly contrast: number;
  /** 0.2 to 5; over 1 lightens the middle. */
  readonly gamma: number;
  readonly stain: Stain;
}

export const PLAIN_LOOK: PictureLook = { brightness: 0, contrast: 0, gamma: 1, stain: "ALL" };

export function isPlain({ brightness, contrast, gamma, stain }: PictureLook): boolean {
  return brightness === 0 && contrast === 0 && gamma === 1 && stain === "ALL";
}

type Triple = readonly [number, number, number];

/** Optical densities of red, green and blue, each of length 1: haematoxylin, eosin, and what is at right angles to both. */
const HAEMATOXYLIN = unit([0.65, 0.704, 0.286]);
const EOSIN = unit([0.072, 0.99, 0.105]);
const RESIDUAL = unit(cross(HAEMATOXYLIN, EOSIN));
const DENSITIES: Readonly<Record<Exclude<Stain, "ALL">, Triple>> = { HAEMATOXYLIN, EOSIN, RESIDUAL };

/** How a stain is read off and shown: `amount` times the densities of a pixel is how much there is, which then has the `density` of the stain. */
export interface Separation {
  readonly amount: Triple;
  readonly density: Triple;
}

/** `null` where all of the picture is shown. The residual's own colour would be brighter than white in parts; it is shown in grey. */
export function separationOf(stain: Stain): Separation | null {
  switch (stain) {
    case "ALL":
      return null;
    case "HAEMATOXYLIN":
      return { amount: dual(EOSIN, RESIDUAL, HAEMATOXYLIN), density: DENSITIES.HAEMATOXYLIN };
    case "EOSIN":
      return { amount: dual(RESIDUAL, HAEMATOXYLIN, EOSIN), density: DENSITIES.EOSIN };
    case "RESIDUAL":
      return { amount: dual(HAEMATOXYLIN, EOSIN, RESIDUAL), density: [1, 1, 1] };
  }
}

/** The steepness that a contrast stands for: 1 changes nothing, 0 leaves grey. */
export function slopeOf(contrast: number): number {
  return Math.tan(((Math.min(contrast, 0.98) + 1) * Math.PI) / 4);
}

/** Changes RGBA pixels in place; alpha stays. */
export function adjustPixels(pixels: Uint8ClampedArray, look: PictureLook): void {
  const separation = separationOf(look.stain);
  const toned = Float32Array.from({ length: 1024 }, (_, step) => 255 * tone(step / 1023, look));
  const density = Float32Array.from({ length: 256 }, (_, value) => -Math.log10(Math.max(value, 1) / 255));
  for (let at = 0; at < pixels.length; at += 4) {
    if (pixels[at + 3] === 0) continue;
    const red = pixels[at] ?? 0;
    const green = pixels[at + 1] ?? 0;
    const blue = pixels[at + 2] ?? 0;
    if (separation === null) {
      pixels[at] = toned[Math.round((red / 255) * 1023)] ?? 0;
      pixels[at + 1] = toned[Math.round((green / 255) * 1023)] ?? 0;
      pixels[at + 2] = toned[Math.round((blue / 255) * 1023)] ?? 0;
      continue;
    }
    const [r, g, b] = separation.amount;
    const amount = Math.max(0, r * (density[red] ?? 0) + g * (density[green] ?? 0) + b * (density[blue] ?? 0));
    for (let channel = 0; channel < 3; channel++) {
      const through = 10 ** (-amount * (separation.density[channel] ?? 0));
      pixels[at + channel] = toned[Math.round(through * 1023)] ?? 0;
    }
  }
}

function tone(value: number, { brightness, contrast, gamma }: PictureLook): number {
  const shifted = (value - 0.5) * slopeOf(contrast) + 0.5 + brightness;
  return Math.min(1, Math.max(0, shifted)) ** (1 / gamma);
}

/** What is at right angles to `a` and `b`, and 1 along `along`: a row of the inverse matrix. */
function dual(a: Triple, b: Triple, along: Triple): Triple {
  const across = cross(a, b);
  const length = dot(across, along);
  return [across[0] / length, across[1] / length, across[2] / length];
}

function cross([a, b, c]: Triple, [d, e, f]: Triple): Triple {
  return [b * f - c * e, c * d - a * f, a * e - b * d];
}

function dot([a, b, c]: Triple, [d, e, f]: Triple): number {
  return a * d + b * e + c * f;
}

function unit(vector: Triple): Triple {
  const length = Math.sqrt(dot(vector, vector));
  return [vector[0] / length, vector[1] / length, vector[2] / length];
}
