/** Where waiting edits outlive the tab: IndexedDB, or only memory where the browser gives none (private windows, tests). */
import type { OutboxEntry, OutboxStorage } from "./outbox";

const DATABASE = "coslide";
const STORE = "outbox";

export class IndexedDbOutbox implements OutboxStorage {
  private readonly opened: Promise<IDBDatabase>;

  constructor(factory: IDBFactory) {
    this.opened = new Promise((resolve, reject) => {
      const request = factory.open(DATABASE, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "mutationId" });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error("IndexedDB could not be opened."));
    });
    // Whoever uses it first gets the error; unused, it is no error.
    this.opened.catch(() => undefined);
  }

  async load(slideId: string, userId: string): Promise<readonly OutboxEntry[]> {
    const all = await this.run<OutboxEntry[]>("readonly", (store) => store.getAll() as IDBRequest<OutboxEntry[]>);
    return all.filter((entry) => entry.slideId === slideId && entry.userId === userId);
  }

  async save(entry: OutboxEntry): Promise<void> {
    await this.run("readwrite", (store) => store.put(entry));
  }

  async remove(mutationId: string): Promise<void> {
    await this.run("readwrite", (store) => store.delete(mutationId));
  }

  private async run<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    const database = await this.opened;
    return new Promise((resolve, reject) => {
      const request = work(database.transaction(STORE, mode).objectStore(STORE));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error("IndexedDB refused."));
    });
  }
}

export class MemoryOutbox implements OutboxStorage {
  private readonly entries = new Map<string, OutboxEntry>();

  async load(slideId: string, userId: string): Promise<readonly OutboxEntry[]> {
    return [...this.entries.values()].filter((entry) => entry.slideId === slideId && entry.userId === userId);
  }

  async save(entry: OutboxEntry): Promise<void> {
    this.entries.set(entry.mutationId, entry);
  }

  async remove(mutationId: string): Promise<void> {
    this.entries.delete(mutationId);
  }
}

export function defaultOutboxStorage(): OutboxStorage {
  return typeof indexedDB === "undefined" ? new MemoryOutbox() : new IndexedDbOutbox(indexedDB);
}
