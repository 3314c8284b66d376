/** The tree of a project's terms. A parent that is not in the list counts as none. */
import type { Term } from "./annotation";

type Placed = Pick<Term, "id" | "position" | "parentId">;

export interface TermBranch<T> {
  readonly term: T;
  readonly below: readonly TermBranch<T>[];
}

/** The terms at the top with all below them, each in its place. */
export function treeOf<T extends Placed>(terms: readonly T[]): readonly TermBranch<T>[] {
  const children = childrenOf(terms);
  const branches = (parentId: string | null): readonly TermBranch<T>[] =>
    (children.get(parentId) ?? []).map((term) => ({ term, below: branches(term.id) }));
  return branches(null);
}

/** How deep each term lies: 0 at the top. */
export function depthsOf(terms: readonly Placed[]): ReadonlyMap<string, number> {
  const depths = new Map<string, number>();
  const visit = (branches: readonly TermBranch<Placed>[], depth: number) => {
    for (const { term, below } of branches) {
      depths.set(term.id, depth);
      visit(below, depth + 1);
    }
  };
  visit(treeOf(terms), 0);
  return depths;
}

/** The names from the top of the tree down to the term. */
export function pathOf(terms: ReadonlyMap<string, Term>, term: Term): readonly string[] {
  const names: string[] = [];
  for (let at: Term | undefined = term; at !== undefined && names.length < 20; at = terms.get(at.parentId ?? "")) {
    names.unshift(at.name);
  }
  return names;
}

/** A branch's own value and that of all below it, added up. */
export function summed<T>({ term, below }: TermBranch<T>, of: (term: T) => number): number {
  return below.reduce((sum, branch) => sum + summed(branch, of), of(term));
}

export const MOVES = ["up", "down", "in", "out"] as const;
export type Move = (typeof MOVES)[number];

/** As `moveTerm` takes it: the new parent, and the child of it that comes after. */
export interface Place {
  readonly parentId: string | null;
  readonly beforeId: string | null;
}

/** Where a term would go by each move; no entry where it can't. */
export function placesFor(terms: readonly Placed[], id: string): Partial<Record<Move, Place>> {
  const children = childrenOf(terms);
  const term = terms.find((each) => each.id === id);
  if (term === undefined) return {};
  const parent = terms.find((each) => each.id === term.parentId);
  const parentId = parent?.id ?? null;
  const siblings = children.get(parentId) ?? [];
  const at = siblings.indexOf(term);
  const before = siblings[at - 1];
  const places: Partial<Record<Move, Place>> = {};
  if (before !== undefined) {
    places.up = { parentId, beforeId: before.id };
    places.in = { parentId: before.id, beforeId: null };
  }
  if (at < siblings.length - 1) places.down = { parentId, beforeId: siblings[at + 2]?.id ?? null };
  if (parent !== undefined) {
    const above = terms.find((each) => each.id === parent.parentId)?.id ?? null;
    const aunts = children.get(above) ?? [];
    places.out = { parentId: above, beforeId: aunts[aunts.indexOf(parent) + 1]?.id ?? null };
  }
  return places;
}

function childrenOf<T extends Placed>(terms: readonly T[]): ReadonlyMap<string | null, readonly T[]> {
  const known = new Set(terms.map((term) => term.id));
  const children = new Map<string | null, T[]>();
  for (const term of [...terms].sort((a, b) => a.position - b.position)) {
    const parentId = term.parentId != null && known.has(term.parentId) ? term.parentId : null;
    children.set(parentId, [...(children.get(parentId) ?? []), term]);
  }
  return children;
}
