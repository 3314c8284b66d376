/** Loading a prediction's outlines: in a worker, so that a million of them never hold up the page. */
import type { OutlineMesh } from "../model/outlineMesh";
import { factsOf, type OutlineFacts, type Outlines, outlinesHere } from "../model/outlines";

/** What the page asks of the worker. */
export type OutlineRequest =
  | { readonly kind: "load"; readonly url: string }
  | { readonly kind: "mesh"; readonly chunk: number };

/** What the worker answers. `failed` ends it. */
export type OutlineAnswer =
  | { readonly kind: "loaded"; readonly facts: OutlineFacts }
  | { readonly kind: "mesh"; readonly chunk: number; readonly mesh: OutlineMesh }
  | { readonly kind: "failed"; readonly message: string };

/** The packed bytes at an address of ours. Throws with what to do when they are refused. */
export async function fetchPacked(url: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const answer = await fetch(url, { credentials: "same-origin", ...(signal === undefined ? {} : { signal }) });
  if (!answer.ok)
    throw new Error(
      `The polygons at ${url} were answered with ${answer.status} ${answer.statusText}. Reload the page to try again.`,
    );
  return new Uint8Array(await answer.arrayBuffer());
}

/** All outlines at an address. Rejects when they can't be had, or when `signal` says that nobody wants them any more. */
export async function loadOutlines(url: string, signal: AbortSignal): Promise<Outlines> {
  if (typeof Worker === "undefined") return outlinesHere(factsOf(await fetchPacked(url, signal)));
  const worker = new Worker(new URL("./outlines.worker.ts", import.meta.url), { type: "module" });
  const desk = new WorkerDesk(worker);
  const giveUp = () => desk.close();
  signal.addEventListener("abort", giveUp);
  try {
    const facts = await desk.load(url);
    return { ...facts, mesh: (chunk) => desk.mesh(chunk), close: () => desk.close() };
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/** The worker's clerk on this side: pairs answers with questions. */
class WorkerDesk {
  private readonly meshes = new Map<number, Waiting<OutlineMesh>>();
  private loading: Waiting<OutlineFacts> | null = null;
  private closed = false;

  constructor(private readonly worker: Worker) {
    worker.onmessage = ({ data }: MessageEvent<OutlineAnswer>) => this.take(data);
    worker.onerror = (event) => this.fail(new Error(`The polygons could not be read: ${event.message}`));
  }

  load(url: string): Promise<OutlineFacts> {
    return new Promise((resolve, reject) => {
      this.loading = { resolve, reject };
      this.ask({ kind: "load", url });
    });
  }

  mesh(chunk: number): Promise<OutlineMesh> {
    return new Promise((resolve, reject) => {
      if (this.closed) {
        reject(new Error("The polygons were put away."));
        return;
      }
      this.meshes.set(chunk, { resolve, reject });
      this.ask({ kind: "mesh", chunk });
    });
  }

  close(): void {
    this.fail(new Error("The polygons were put away."));
  }

  private ask(request: OutlineRequest): void {
    this.worker.postMessage(request);
  }

  private take(answer: OutlineAnswer): void {
    switch (answer.kind) {
      case "loaded":
        this.loading?.resolve(answer.facts);
        this.loading = null;
        break;
      case "mesh":
        this.meshes.get(answer.chunk)?.resolve(answer.mesh);
        this.meshes.delete(answer.chunk);
        break;
      case "failed":
        this.fail(new Error(answer.message));
        break;
    }
  }

  private fail(error: Error): void {
    this.closed = true;
    this.worker.terminate();
    this.loading?.reject(error);
    this.loading = null;
    for (const { reject } of this.meshes.values()) reject(error);
    this.meshes.clear();
  }
}
