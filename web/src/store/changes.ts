/** What changed in the store, and why: whoever listens can tell an echo from news. */
import type { Annotation } from "../model/annotation";

/** LOCAL: this user's own edit. REMOTE: a slide event. SILENT: loading or catching up, nothing to announce. */
export type Origin = "LOCAL" | "REMOTE" | "SILENT";

export interface ChangeSet {
  readonly origin: Origin;
  readonly created: readonly Annotation[];
  readonly updated: readonly { readonly before: Annotation; readonly after: Annotation }[];
  readonly deleted: readonly Annotation[];
}

export type ChangeListener = (changes: ChangeSet) => void;
