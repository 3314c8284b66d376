/** Numbers, sizes and times in the reader's language. */
import { currentLanguage } from "./index";

const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

export function formatNumber(value: number, digits = 0): string {
  return new Intl.NumberFormat(currentLanguage(), {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}

/** At most `digits` significant digits, as for areas and speeds. */
export function formatFigure(value: number, digits = 3): string {
  return new Intl.NumberFormat(currentLanguage(), { maximumSignificantDigits: digits }).format(value);
}

/** `share` is 0..1. */
export function formatPercent(share: number, digits = 0): string {
  return `${formatNumber(share * 100, digits)} %`;
}

/** Decimal units: 2.4 GB is 2.4 · 10⁹ bytes, as disks and scanners count. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${formatNumber(value, digits)} ${BYTE_UNITS[unit]}`;
}

/** The number of pixels of an image, as "3.0 GP" or "6.6 MP". */
export function formatPixels(width: number, height: number): string {
  const pixels = width * height;
  return pixels >= 1e9 ? `${formatNumber(pixels / 1e9, 1)} GP` : `${formatNumber(pixels / 1e6, 1)} MP`;
}

/** From mm²: small things in µm². */
export function formatArea(mm2: number): string {
  if (mm2 > 0 && mm2 < 0.01) return `${formatFigure(mm2 * 1e6)} µm²`;
  return `${formatNumber(mm2, mm2 < 10 ? 2 : 1)} mm²`;
}

/** From µm: long things in mm. */
export function formatLength(um: number): string {
  return um >= 1000 ? `${formatNumber(um / 1000, 2)} mm` : `${formatNumber(um, um < 100 ? 1 : 0)} µm`;
}

/** "4 s", "3 min", "1 h 20 min" in the reader's words. */
export function formatDuration(seconds: number): string {
  const unit = (value: number, name: "second" | "minute" | "hour") =>
    new Intl.NumberFormat(currentLanguage(), { style: "unit", unit: name, unitDisplay: "short" }).format(value);
  if (seconds < 60) return unit(Math.max(1, Math.round(seconds)), "second");
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return unit(minutes, "minute");
  const rest = minutes % 60;
  return rest === 0 ? unit(minutes / 60, "hour") : `${unit(Math.floor(minutes / 60), "hour")} ${unit(rest, "minute")}`;
}

const STEPS: readonly (readonly [limitS: number, unit: Intl.RelativeTimeFormatUnit, secondsPerUnit: number])[] = [
  [3600, "minute", 60],
  [86_400, "hour", 3600],
  [7 * 86_400, "day", 86_400],
];

/** "now", "2 minutes ago", "yesterday"; a date after a week. */
export function formatAgo(iso: string, now: number = Date.now()): string {
  const seconds = (now - Date.parse(iso)) / 1000;
  const relative = new Intl.RelativeTimeFormat(currentLanguage(), { numeric: "auto", style: "short" });
  if (seconds < 45) return relative.format(0, "second");
  for (const [limit, unit, per] of STEPS) {
    if (seconds < limit) return relative.format(-Math.max(1, Math.round(seconds / per)), unit);
  }
  return formatDate(iso);
}

export function formatDate(iso: string): string {
  return new Intl.DateTimeFormat(currentLanguage(), { dateStyle: "medium" }).format(new Date(iso));
}

export function formatMoment(iso: string): string {
  return new Intl.DateTimeFormat(currentLanguage(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));
}
