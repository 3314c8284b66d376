/** Where conflicts that wait for a choice outlive the tab. */
import { type BrowserStore, IndexedDbStore, MemoryStore } from "./browserStore";
import type { KeptConflict } from "./conflicts";

export type ConflictStorage = BrowserStore<KeptConflict>;

export class IndexedDbConflicts extends IndexedDbStore<KeptConflict> {
  constructor(factory: IDBFactory) {
    super(factory, "coslide-conflicts", "conflicts", "key");
  }
}

export class MemoryConflicts extends MemoryStore<KeptConflict> {
  constructor() {
    super(({ key }) => key);
  }
}

export function defaultConflictStorage(): ConflictStorage {
  return typeof indexedDB === "undefined" ? new MemoryConflicts() : new IndexedDbConflicts(indexedDB);
}
