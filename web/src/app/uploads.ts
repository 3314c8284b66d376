/** The uploads of this tab, by project; they go on while one looks at another page. */
import type { Client } from "@urql/core";
import { ProjectUploadsDocument } from "../gql/graphql";
import { newId } from "../model/ids";
import { Value } from "../model/observable";
import type { TusUpload } from "../sync/uploads";
import type { Failure } from "./failure";
import type { SlideFiles } from "./slideFiles";

export interface Upload {
  readonly id: number;
  readonly projectId: string;
  readonly task: TusUpload;
}

export const uploads = new Value<readonly Upload[]>([]);

const CHECK_MS = 700;
let lastId = 0;

/** Starts sending files to a project; calls `onSlide` whenever one has become a slide. */
export async function uploadFiles(
  client: Client,
  slides: readonly SlideFiles[],
  projectId: string,
  onSlide: () => void,
): Promise<void> {
  // The uploader comes with the first file, not with the page.
  const { startUpload } = await import("../sync/uploads");
  for (const files of slides) {
    const group = files.length > 1 ? { id: groupIdOf(projectId, files), size: files.length } : undefined;
    for (const file of files) {
      lastId += 1;
      const upload: Upload = { id: lastId, projectId, task: startUpload(file, { projectId, group }) };
      uploads.update((all) => [...all, upload]);
      follow(client, upload, () => {
        forgetGroup(projectId, files);
        onSlide();
      });
    }
  }
}

/** The group of the same files is the same after a reload, so that each goes on where it stopped. */
function groupIdOf(projectId: string, files: SlideFiles): string {
  const key = groupKey(projectId, files);
  const id = localStorage.getItem(key) ?? newId();
  localStorage.setItem(key, id);
  return id;
}

function forgetGroup(projectId: string, files: SlideFiles): void {
  localStorage.removeItem(groupKey(projectId, files));
}

function groupKey(projectId: string, files: SlideFiles): string {
  const newest = Math.max(...files.map((file) => file.lastModified));
  const bytes = files.reduce((total, file) => total + file.size, 0);
  return ["coslide.group", projectId, files[0]?.name, files.length, bytes, newest].join("/");
}

/** Takes an upload off the list; the file itself is not touched. */
export function forgetUpload(id: number): void {
  uploads.update((all) => all.filter((upload) => upload.id !== id));
}

function follow(client: Client, upload: Upload, onSlide: () => void): void {
  let checking = false;
  let watching = false;
  const stop = upload.task.state.subscribe(() => {
    const { phase, sentBytes, totalBytes } = upload.task.state.getSnapshot();
    if (phase === "sending" && sentBytes === totalBytes && !watching) {
      watching = true;
      void whileLooking(client, upload);
    }
    if (phase === "checking" && !checking) {
      checking = true;
      void untilChecked(client, upload);
    }
    if (phase !== "done") return;
    stop();
    forgetUpload(upload.id);
    onSlide();
  });
}

/** All bytes are sent, and the server looks at the file before it answers: tells how far it is with a flat picture. */
async function whileLooking(client: Client, { task, projectId }: Upload): Promise<void> {
  while (task.state.getSnapshot().phase === "sending") {
    const record = await recordOf(client, projectId, task);
    if (record?.progress != null) task.converting(record.progress);
    await new Promise((resolve) => setTimeout(resolve, CHECK_MS));
  }
}

async function recordOf(client: Client, projectId: string, task: TusUpload) {
  const { uploadId } = task.state.getSnapshot();
  const context = { requestPolicy: "network-only" as const };
  const { data } = await client.query(ProjectUploadsDocument, { projectId }, context).toPromise();
  return data?.uploads.find((each) => each.id === uploadId);
}

/** All bytes are there: asks until the server has said whether the file is a slide. */
async function untilChecked(client: Client, { task, projectId }: Upload): Promise<void> {
  for (;;) {
    const { uploadId } = task.state.getSnapshot();
    const context = { requestPolicy: "network-only" as const };
    const { data } = await client.query(ProjectUploadsDocument, { projectId }, context).toPromise();
    const record = data?.uploads.find((each) => each.id === uploadId);
    if (data && record?.status !== "CHECKING" && record?.status !== "RECEIVING") {
      task.settled(record?.status === "REFUSED" ? reasonOf(record.error) : null);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, CHECK_MS));
  }
}

function reasonOf(error: Failure | null | undefined) {
  const { code, message, params } = error ?? { code: "UNSUPPORTED_SLIDE", message: "The file was refused." };
  return { code, message, params: (params ?? {}) as Readonly<Record<string, unknown>> };
}

window.addEventListener("beforeunload", (event) => {
  const sending = uploads.getSnapshot().some(({ task }) => task.state.getSnapshot().phase === "sending");
  if (sending) event.preventDefault();
});
