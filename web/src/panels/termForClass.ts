/** Which of a project's terms a model's class means. Pure. */
import type { Term } from "../model/annotation";

interface ClassNames {
  readonly name: string;
  readonly labelEn: string;
  readonly labelKo: string;
}

/** By any of the class's names as a word of the term's; `null` when no term fits. */
export function termForClass(kind: ClassNames | undefined, terms: readonly Term[]): string | null {
  if (!kind) return null;
  const names = [kind.labelKo, kind.labelEn, kind.name].filter(Boolean).map(folded);
  const words = (term: Term) => [folded(term.name), ...folded(term.name).split(/[\s/(),·-]+/)];
  return terms.find((term) => words(term).some((word) => names.includes(word)))?.id ?? null;
}

const folded = (name: string): string => name.normalize("NFC").trim().toLowerCase().replaceAll("_", " ");
