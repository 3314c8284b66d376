/** Where waiting edits outlive the tab. */
import { IndexedDbStore, MemoryStore } from "./browserStore";
import type { OutboxEntry, OutboxStorage } from "./outbox";

export class IndexedDbOutbox extends IndexedDbStore<OutboxEntry> {
  constructor(factory: IDBFactory) {
    super(factory, "coslide", "outbox", "mutationId");
  }
}

export class MemoryOutbox extends MemoryStore<OutboxEntry> {
  constructor() {
    super(({ mutationId }) => mutationId);
  }
}

export function defaultOutboxStorage(): OutboxStorage {
  return typeof indexedDB === "undefined" ? new MemoryOutbox() : new IndexedDbOutbox(indexedDB);
}
