/** Which slides of a project are listed, and in what order. Pure. */
import type { SlideCardFragment } from "../gql/graphql";

export type Slide = SlideCardFragment;

export const STATES = ["open", "annotated", "reviewed", "predicting", "predicted", "scale"] as const;
export type State = (typeof STATES)[number];

export const COLUMNS = ["name", "size", "mpp", "format", "tags", "annotations", "reviewed", "by", "uploaded"] as const;
export type Column = (typeof COLUMNS)[number];

export interface Sorting {
  readonly column: Column;
  readonly descending: boolean;
}

/** What is asked for; an empty list does not narrow. */
export interface Choice {
  /** All of them must be true of a slide. */
  readonly states: readonly State[];
  /** A slide must have all of them. */
  readonly tags: readonly string[];
  /** A slide must have one of them. */
  readonly formats: readonly string[];
}

export const EVERYTHING: Choice = { states: [], tags: [], formats: [] };
export const NEWEST_FIRST: Sorting = { column: "uploaded", descending: true };

export function narrows({ states, tags, formats }: Choice): boolean {
  return states.length + tags.length + formats.length > 0;
}

type Stateful = Pick<Slide, "annotationCount" | "reviewedCount" | "latestPrediction" | "mppX">;

export function predictsNow(slide: Pick<Slide, "latestPrediction">): boolean {
  const status = slide.latestPrediction?.status;
  return status === "QUEUED" || status === "RUNNING";
}

export function isIn(slide: Stateful, state: State): boolean {
  switch (state) {
    case "open":
      return slide.annotationCount === 0;
    case "annotated":
      return slide.annotationCount > 0;
    case "reviewed":
      return slide.annotationCount > 0 && slide.reviewedCount === slide.annotationCount;
    case "predicting":
      return predictsNow(slide);
    case "predicted":
      return slide.latestPrediction?.status === "SUCCEEDED";
    case "scale":
      return slide.mppX == null;
  }
}

/** The slides that are asked for: each word of the search occurs in the name, the file's name, the description or a tag. */
export function chosenSlides(slides: readonly Slide[], choice: Choice, search: string): readonly Slide[] {
  const words = search.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const { states, tags, formats } = choice;
  return slides.filter((slide) => {
    if (!states.every((state) => isIn(slide, state))) return false;
    if (!tags.every((tag) => slide.tags.includes(tag))) return false;
    if (formats.length > 0 && !formats.includes(slide.vendor)) return false;
    if (words.length === 0) return true;
    const text = `${slide.name} ${slide.filename} ${slide.description} ${slide.tags.join(" ")}`.toLocaleLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** In the order of a column; what has no value there comes last either way, and what is alike stays newest first. */
export function sortedSlides(slides: readonly Slide[], { column, descending }: Sorting): readonly Slide[] {
  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const keyed = slides.map((slide) => ({ slide, key: keyOf(slide, column) }));
  const sign = descending ? -1 : 1;
  keyed.sort((a, b) => {
    if (a.key === null || b.key === null) return a.key === b.key ? newer(a.slide, b.slide) : a.key === null ? 1 : -1;
    const order = typeof a.key === "string" ? collator.compare(a.key, String(b.key)) : Math.sign(a.key - Number(b.key));
    return order * sign || newer(a.slide, b.slide);
  });
  return keyed.map(({ slide }) => slide);
}

/** The values that slides have, with how many have each, the most frequent first. */
export function tally(
  slides: readonly Slide[],
  valuesOf: (slide: Slide) => readonly string[],
): readonly [string, number][] {
  const counts = new Map<string, number>();
  for (const slide of slides) for (const value of valuesOf(slide)) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1));
}

function keyOf(slide: Slide, column: Column): string | number | null {
  switch (column) {
    case "name":
      return slide.name;
    case "size":
      return slide.sizeBytes;
    case "mpp":
      return slide.mppX ?? null;
    case "format":
      return slide.vendor;
    case "tags":
      return slide.tags.length > 0 ? slide.tags.join(" ") : null;
    case "annotations":
      return slide.annotationCount;
    case "reviewed":
      return slide.annotationCount > 0 ? slide.reviewedCount / slide.annotationCount : null;
    case "by":
      return slide.createdBy?.name ?? null;
    case "uploaded":
      return Date.parse(slide.createdAt);
  }
}

function newer(a: Slide, b: Slide): number {
  return a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0;
}
