/** From what was dropped or chosen to slides: files in folders, and which of them belong together. */

export interface PathFile {
  readonly file: File;
  /** Folders and name, with `/` between; of a file that was chosen alone its name. */
  readonly path: string;
}

/** The files of one slide; most slides are one file. */
export type SlideFiles = readonly File[];

const NOT_SLIDES = /(^|\/)(\.[^/]*|Thumbs\.db|desktop\.ini|DICOMDIR)$/i;

/**
 * What to upload, slide by slide: a MIRAX file with all that lies in the folder of its name, DICOM files of one folder (or chosen together) as
 * one series, every other file by itself. What systems leave in folders is left out.
 */
export function slidesOf(files: readonly PathFile[]): readonly SlideFiles[] {
  const left = new Map(files.filter(({ path }) => !NOT_SLIDES.test(path)).map((each) => [each.path, each.file]));
  const take = (paths: readonly string[]): SlideFiles =>
    paths.flatMap((path) => {
      const file = left.get(path);
      left.delete(path);
      return file ?? [];
    });
  const slides: SlideFiles[] = [];
  for (const path of [...left.keys()].filter((each) => /\.mrxs$/i.test(each))) {
    const folder = `${path.slice(0, -".mrxs".length)}/`;
    slides.push(take([path, ...[...left.keys()].filter((each) => each.startsWith(folder))]));
  }
  const dicom = [...left.keys()].filter((path) => /\.dcm$/i.test(path));
  for (const folder of new Set(dicom.map(folderOf)))
    slides.push(take(dicom.filter((path) => folderOf(path) === folder)));
  for (const path of [...left.keys()]) slides.push(take([path]));
  return slides;
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf("/") + 1);

/** Chosen files; those of a chosen folder know their path in it. */
export function chosenFiles(files: Iterable<File>): readonly PathFile[] {
  return [...files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
}

/** Dropped files and all that lies in dropped folders. Must be called while the drop is handled: the browser forgets it then. */
export async function droppedFiles(transfer: DataTransfer): Promise<readonly PathFile[]> {
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry?.() ?? []);
  if (entries.length === 0) return chosenFiles(transfer.files);
  return (await Promise.all(entries.map(filesIn))).flat();
}

async function filesIn(entry: FileSystemEntry): Promise<readonly PathFile[]> {
  if (isFile(entry)) {
    const file = await new Promise<File>((done, failed) => entry.file(done, failed));
    return [{ file, path: entry.fullPath.replace(/^\//, "") }];
  }
  if (!isFolder(entry)) return [];
  const reader = entry.createReader();
  const found: PathFile[] = [];
  for (;;) {
    // A reader gives at most a hundred entries a time, and none at the end.
    const some = await new Promise<FileSystemEntry[]>((done, failed) => reader.readEntries(done, failed));
    if (some.length === 0) return found;
    for (const inner of some) found.push(...(await filesIn(inner)));
  }
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;
