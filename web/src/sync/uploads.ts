/** Uploads of slides by tus: in pieces, resumable, with a reason in words when one is refused. */
import { DetailedError, defaultOptions, Upload } from "tus-js-client";
import { Value } from "../model/observable";
import type { UploadState, UploadTask } from "../viewer/facade";

const PIECE_BYTES = 16 * 1024 * 1024;
const RETRY_AFTER_MS = [0, 500, 1_500, 4_000, 10_000, 20_000, 30_000];
/** Speed is told over the last few seconds, so that it follows the line. */
const SPEED_WINDOW_MS = 4_000;

export interface UploadOptions {
  readonly projectId: string;
  /** The path inside a dropped folder, which formats of several files need; the file's own name by default. */
  readonly filename?: string;
  /** The files of one slide have one group, an identifier made here, and say how many they are. */
  readonly group?: { readonly id: string; readonly size: number } | undefined;
  /** Where `/uploads` is; the page's own origin by default. */
  readonly origin?: string;
}

export class TusUpload implements UploadTask {
  readonly state: Value<UploadState>;
  private readonly upload: Upload;
  private samples: { readonly at: number; readonly bytes: number }[] = [];

  constructor(file: File, { projectId, filename = file.name, group, origin = location.origin }: UploadOptions) {
    this.state = new Value<UploadState>({
      filename,
      phase: "waiting",
      sentBytes: 0,
      totalBytes: file.size,
      bytesPerSecond: null,
      secondsLeft: null,
      converted: null,
      uploadId: null,
      error: null,
    });
    this.upload = new Upload(file, {
      endpoint: `${origin}/uploads`,
      metadata: { filename, projectId, ...(group && { group: group.id, groupSize: String(group.size) }) },
      chunkSize: PIECE_BYTES,
      retryDelays: RETRY_AFTER_MS,
      removeFingerprintOnSuccess: true,
      // The same file into another project is another upload.
      fingerprint: async () =>
        ["coslide", projectId, filename, file.size, file.lastModified, group?.id ?? ""].join("/"),
      onShouldRetry: (error) => isWorthRetrying(error.originalResponse?.getStatus() ?? 0),
      onUploadUrlAvailable: () => this.change({ uploadId: this.upload.url?.split("/").pop() ?? null }),
      onProgress: (sentBytes) => this.progressed(sentBytes),
      onSuccess: () =>
        this.change({ phase: "checking", sentBytes: file.size, secondsLeft: null, bytesPerSecond: null }),
      onError: (error) =>
        this.change({ phase: "failed", error: reasonOf(error), secondsLeft: null, bytesPerSecond: null }),
    });
  }

  /** Begins, or goes on with what an earlier visit has sent of the same file. */
  async start(): Promise<void> {
    const [earlier] = await this.upload.findPreviousUploads();
    if (earlier !== undefined) this.upload.resumeFromPreviousUpload(earlier);
    this.resume();
  }

  pause(): void {
    if (this.state.getSnapshot().phase !== "sending") return;
    void this.upload.abort(false);
    this.samples = [];
    this.change({ phase: "paused", bytesPerSecond: null, secondsLeft: null });
  }

  resume(): void {
    const { phase } = this.state.getSnapshot();
    if (phase === "sending" || phase === "checking" || phase === "done") return;
    this.samples = [];
    this.change({ phase: "sending", error: null });
    this.upload.start();
  }

  async abort(): Promise<void> {
    await this.upload.abort(true);
    this.change({ phase: "failed", error: { code: "UPLOAD_ABORTED", message: "The upload was stopped.", params: {} } });
  }

  /** What the server found when it had looked at the file; known from `Query.uploads`. */
  settled(error: UploadState["error"]): void {
    this.change(error === null ? { phase: "done" } : { phase: "failed", error });
  }

  /** How far the server is with making a pyramid of the picture. */
  converting(share: number): void {
    this.change({ converted: share });
  }

  private progressed(sentBytes: number): void {
    const now = performance.now();
    this.samples = [
      ...this.samples.filter((sample) => now - sample.at < SPEED_WINDOW_MS),
      { at: now, bytes: sentBytes },
    ];
    const [first] = this.samples;
    const { totalBytes } = this.state.getSnapshot();
    const elapsed = first === undefined ? 0 : (now - first.at) / 1000;
    const bytesPerSecond = first === undefined || elapsed < 0.2 ? null : (sentBytes - first.bytes) / elapsed;
    const secondsLeft =
      bytesPerSecond === null || bytesPerSecond <= 0 ? null : (totalBytes - sentBytes) / bytesPerSecond;
    this.change({ sentBytes, bytesPerSecond, secondsLeft });
  }

  private change(change: Partial<UploadState>): void {
    this.state.update((state) => ({ ...state, ...change }));
  }
}

/** Starts at once. */
export function startUpload(file: File, options: UploadOptions): TusUpload {
  const task = new TusUpload(file, options);
  void task.start();
  return task;
}

/** Ends an upload of an earlier visit and removes what the server holds of it. */
export async function removeUpload(id: string, origin = location.origin): Promise<void> {
  const url = `${origin}/uploads/${id}`;
  await Upload.terminate(url, {});
  for (const earlier of await defaultOptions.urlStorage.findAllUploads()) {
    if (earlier.uploadUrl === url) await defaultOptions.urlStorage.removeUpload(earlier.urlStorageKey);
  }
}

/** A refusal stays a refusal; a broken line, a busy server or a piece out of step does not. */
function isWorthRetrying(status: number): boolean {
  return status === 0 || status === 409 || status === 423 || status === 429 || status >= 500;
}

/** The server's own words when it gave any: `{"error": {"code", "message", "params"}}`. */
export function reasonOf(error: Error): NonNullable<UploadState["error"]> {
  const body = error instanceof DetailedError ? error.originalResponse?.getBody() : undefined;
  if (body !== undefined && body !== "") {
    try {
      const { error: told } = JSON.parse(body) as {
        error?: { code?: string; message?: string; params?: Readonly<Record<string, unknown>> };
      };
      if (told?.code !== undefined && told.message !== undefined)
        return { code: told.code, message: told.message, params: told.params ?? {} };
    } catch {
      // Not JSON: a proxy answered in place of the server; told below.
    }
  }
  const status = error instanceof DetailedError ? (error.originalResponse?.getStatus() ?? 0) : 0;
  if (status === 413) return { code: "TOO_LARGE", message: "The file is larger than this server accepts.", params: {} };
  return {
    code: "UPLOAD_FAILED",
    message: "The upload was interrupted. Check the connection and press resume.",
    params: { status },
  };
}
