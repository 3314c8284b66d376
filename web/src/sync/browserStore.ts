/** What outlives the tab: entries of one slide and person in IndexedDB, or only in memory where the browser gives none (private windows, tests). */

export interface OfPerson {
  readonly slideId: string;
  readonly userId: string;
}

export interface BrowserStore<Entry extends OfPerson> {
  load(slideId: string, userId: string): Promise<readonly Entry[]>;
  /** Replaces an entry of the same key. */
  save(entry: Entry): Promise<void>;
  remove(key: string): Promise<void>;
}

export class IndexedDbStore<Entry extends OfPerson> implements BrowserStore<Entry> {
  private readonly opened: Promise<IDBDatabase>;

  /** A kind of entry has a database of its own: adding a kind never waits for old tabs to close. */
  constructor(
    factory: IDBFactory,
    database: string,
    private readonly store: string,
    key: keyof Entry & string,
  ) {
    this.opened = new Promise((resolve, reject) => {
      const request = factory.open(database, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(store, { keyPath: key });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error("IndexedDB could not be opened."));
    });
    // Whoever uses it first gets the error; unused, it is no error.
    this.opened.catch(() => undefined);
  }

  async load(slideId: string, userId: string): Promise<readonly Entry[]> {
    const all = await this.run<Entry[]>("readonly", (store) => store.getAll() as IDBRequest<Entry[]>);
    return all.filter((entry) => entry.slideId === slideId && entry.userId === userId);
  }

  async save(entry: Entry): Promise<void> {
    await this.run("readwrite", (store) => store.put(entry));
  }

  async remove(key: string): Promise<void> {
    await this.run("readwrite", (store) => store.delete(key));
  }

  private async run<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    const database = await this.opened;
    return new Promise((resolve, reject) => {
      const request = work(database.transaction(this.store, mode).objectStore(this.store));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error("IndexedDB refused."));
    });
  }
}

export class MemoryStore<Entry extends OfPerson> implements BrowserStore<Entry> {
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly keyOf: (entry: Entry) => string) {}

  async load(slideId: string, userId: string): Promise<readonly Entry[]> {
    return [...this.entries.values()].filter((entry) => entry.slideId === slideId && entry.userId === userId);
  }

  async save(entry: Entry): Promise<void> {
    this.entries.set(this.keyOf(entry), entry);
  }

  async remove(key: string): Promise<void> {
    this.entries.delete(key);
  }
}
