/** Names written after an @: completing them while one writes, and finding them in what was written. Pure. */
import type { PersonRef } from "../model/annotation";

/** The unfinished name before the caret; `null` when none is being written. */
export interface MentionQuery {
  /** Where the @ stands. */
  readonly start: number;
  readonly words: string;
}

const LONGEST_NAME = 60;

export function mentionQuery(text: string, caret: number): MentionQuery | null {
  const start = text.lastIndexOf("@", caret - 1);
  if (start < 0 || caret - start > LONGEST_NAME) return null;
  // An @ inside a word is an e-mail address.
  if (start > 0 && !/\s/.test(text[start - 1] ?? "")) return null;
  const words = text.slice(start + 1, caret);
  return words.includes("\n") || words.startsWith(" ") ? null : { start, words };
}

/** Who may be meant, those whose name begins so first. */
export function candidates(query: MentionQuery, people: readonly PersonRef[]): readonly PersonRef[] {
  const wanted = query.words.toLowerCase();
  const begins = (person: PersonRef) => person.name.toLowerCase().startsWith(wanted);
  const fits = people.filter((person) => person.name.toLowerCase().includes(wanted));
  return [...fits.filter(begins), ...fits.filter((person) => !begins(person))];
}

/** The text with the name filled in, and where the caret goes. */
export function completed(
  text: string,
  caret: number,
  query: MentionQuery,
  person: PersonRef,
): { readonly text: string; readonly caret: number } {
  const written = `@${person.name} `;
  return {
    text: text.slice(0, query.start) + written + text.slice(caret).replace(/^ /, ""),
    caret: query.start + written.length,
  };
}

export type TextPart =
  | { readonly kind: "text"; readonly at: number; readonly text: string }
  | { readonly kind: "mention"; readonly at: number; readonly person: PersonRef };

/** The text cut at the names of these people; of two that begin alike, the longer name is meant. */
export function partsOf(text: string, people: readonly PersonRef[]): readonly TextPart[] {
  const byLength = [...people].sort((a, b) => b.name.length - a.name.length);
  const parts: TextPart[] = [];
  let from = 0;
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    if (at < from) continue;
    const person = byLength.find(({ name }) => text.startsWith(name, at + 1));
    if (person === undefined) continue;
    if (at > from) parts.push({ kind: "text", at: from, text: text.slice(from, at) });
    parts.push({ kind: "mention", at, person });
    from = at + 1 + person.name.length;
  }
  if (from < text.length) parts.push({ kind: "text", at: from, text: text.slice(from) });
  return parts;
}

/** Who is named in a text, each once. */
export function mentionedIn(text: string, people: readonly PersonRef[]): readonly string[] {
  const ids = partsOf(text, people).flatMap((part) => (part.kind === "mention" ? [part.person.id] : []));
  return [...new Set(ids)];
}
