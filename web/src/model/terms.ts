/** How terms look on tissue. */
import type { Annotation, Term } from "./annotation";

/** Shapes without a term, and those of a term that was deleted. */
export const NO_TERM_COLOR = "#9c98ad";

/** How a line tells by form what it also tells by colour. */
export type LinePattern = "solid" | "hatched";

export interface TermLook {
  readonly color: string;
  readonly pattern: LinePattern;
}

const UNSURE = /unsure|uncertain|불확실|미정/i;

/** A term, or a model's class, for "I can't say" is hatched and dashed, whatever its colour, so that it never reads as a finding. */
export function lookOf(term: Pick<Term, "name" | "color"> | undefined): TermLook {
  if (term === undefined) return { color: NO_TERM_COLOR, pattern: "solid" };
  return { color: term.color, pattern: UNSURE.test(term.name) ? "hatched" : "solid" };
}

export function termsById(terms: readonly Term[]): ReadonlyMap<string, Term> {
  return new Map(terms.map((term) => [term.id, term]));
}

/** How many shapes carry each term; `null` counts those without. */
export function countByTerm(annotations: Iterable<Annotation>): ReadonlyMap<string | null, number> {
  const counts = new Map<string | null, number>();
  for (const { termId } of annotations) counts.set(termId, (counts.get(termId) ?? 0) + 1);
  return counts;
}

/** The term a key stands for: its own hot key, else its place in the list (1 to 9). */
export function termOfKey(terms: readonly Term[], key: string): Term | undefined {
  const inOrder = [...terms].sort((a, b) => a.position - b.position);
  const own = inOrder.find((term) => term.hotkey !== null && term.hotkey.toLowerCase() === key.toLowerCase());
  if (own !== undefined) return own;
  return /^[1-9]$/.test(key) ? inOrder[Number(key) - 1] : undefined;
}
