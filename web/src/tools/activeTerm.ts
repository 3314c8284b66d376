/** The term that new shapes get, out of the project's. */
import type { Term } from "../model/annotation";
import { Value } from "../model/observable";
import { lookOf, type TermLook, termOfKey, termsById } from "../model/terms";
import type { Selection } from "./selection";

export class ActiveTerm {
  readonly id: Value<string | null>;
  private terms: ReadonlyMap<string, Term>;

  constructor(
    terms: readonly Term[],
    private readonly selection: Selection,
  ) {
    this.terms = termsById(terms);
    this.id = new Value(firstOf(terms));
  }

  /** The project's terms changed; the active one stays as long as there is one, and it is among them. */
  setTerms(terms: readonly Term[]): void {
    this.terms = termsById(terms);
    const active = this.id.getSnapshot();
    if (active === null || !this.terms.has(active)) this.id.set(firstOf(terms));
  }

  /** Makes it the active one, and gives it to what is selected. */
  choose(termId: string | null): void {
    this.id.set(termId);
    this.selection.giveTerm(termId);
  }

  /** The project's terms by id. */
  get known(): ReadonlyMap<string, Term> {
    return this.terms;
  }

  /** How a new shape will look. */
  get look(): TermLook {
    const id = this.id.getSnapshot();
    return lookOf(id === null ? undefined : this.terms.get(id));
  }

  ofKey(key: string): Term | undefined {
    return termOfKey([...this.terms.values()], key);
  }
}

function firstOf(terms: readonly Term[]): string | null {
  return [...terms].sort((a, b) => a.position - b.position)[0]?.id ?? null;
}
