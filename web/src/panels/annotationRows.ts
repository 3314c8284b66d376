/** The rows of the annotation list: named, filtered, sorted. Pure. */
import type { Annotation, Term } from "../model/annotation";
import { pathOf } from "../model/termTree";

export const SORTS = ["newest", "largest", "term"] as const;
export type Sort = (typeof SORTS)[number];

export interface AnnotationRow {
  readonly annotation: Annotation;
  readonly term: Term | undefined;
  /** The names of its term and of those above it. */
  readonly path: string;
  /** The how-manieth of its term, in the order of creation; stays while others come and go behind it. */
  readonly number: number;
}

export function numberedRows(
  annotations: Iterable<Annotation>,
  terms: ReadonlyMap<string, Term>,
): readonly AnnotationRow[] {
  const seen = new Map<string | null, number>();
  return Array.from(annotations, (annotation) => {
    const number = (seen.get(annotation.termId) ?? 0) + 1;
    seen.set(annotation.termId, number);
    const term = terms.get(annotation.termId ?? "");
    return { annotation, term, path: term === undefined ? "" : pathOf(terms, term).join(" "), number };
  });
}

/** Rows of which the term or one above it, the note or author contains every word of the filter. */
export function filteredRows(rows: readonly AnnotationRow[], filter: string): readonly AnnotationRow[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return rows;
  return rows.filter(({ annotation, path, number }) => {
    const text = `${path} #${number} ${annotation.note} ${annotation.createdBy?.name ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

export function sortedRows(rows: readonly AnnotationRow[], sort: Sort): readonly AnnotationRow[] {
  switch (sort) {
    case "newest":
      return [...rows].reverse();
    case "largest":
      return [...rows].sort((a, b) => b.annotation.areaPx - a.annotation.areaPx);
    case "term": {
      const place = (row: AnnotationRow) => row.term?.position ?? Number.MAX_SAFE_INTEGER;
      return [...rows].sort((a, b) => place(a) - place(b) || a.number - b.number);
    }
  }
}
