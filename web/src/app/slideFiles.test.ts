import { describe, expect, it } from "vitest";
import { chosenFiles, droppedFiles, slidesOf } from "./slideFiles";

const files = (...paths: string[]) =>
  paths.map((path) => ({ path, file: new File(["x"], path.split("/").pop() ?? "") }));
const names = (...paths: string[]) => slidesOf(files(...paths)).map((slide) => slide.map(({ name }) => name));

describe("slidesOf", () => {
  it("takes a file by itself for a slide", () => {
    expect(names("a.svs", "in/b.ndpi")).toEqual([["a.svs"], ["b.ndpi"]]);
  });

  it("puts a MIRAX file and the folder of its name together, and no other folder", () => {
    expect(names("d/case.mrxs", "d/case/Slidedat.ini", "d/case/Data0000.dat", "d/case2/Data0000.dat")).toEqual([
      ["case.mrxs", "Slidedat.ini", "Data0000.dat"],
      ["Data0000.dat"],
    ]);
  });

  it("makes a series of the DICOM files of each folder", () => {
    expect(names("one/1.dcm", "one/2.dcm", "two/1.DCM", "one/DICOMDIR")).toEqual([["1.dcm", "2.dcm"], ["1.DCM"]]);
  });

  it("leaves out what systems put into folders", () => {
    expect(names(".DS_Store", "in/Thumbs.db", "in/._a.svs", "in/a.svs")).toEqual([["a.svs"]]);
  });
});

describe("where files come from", () => {
  it("is their path in a chosen folder", () => {
    const inFolder = Object.defineProperty(new File(["x"], "a.svs"), "webkitRelativePath", { value: "in/a.svs" });
    expect(chosenFiles([inFolder, new File(["x"], "b.svs")]).map(({ path }) => path)).toEqual(["in/a.svs", "b.svs"]);
  });

  it("is a dropped folder with all that is in it, however many reads that takes", async () => {
    const file = (path: string) => ({
      ...{ isFile: true, isDirectory: false, fullPath: path },
      file: (done: (file: File) => void) => done(new File(["x"], path.split("/").pop() ?? "")),
    });
    const folder = (path: string, ...reads: object[][]) => ({
      ...{ isFile: false, isDirectory: true, fullPath: path },
      createReader: () => ({ readEntries: (done: (entries: object[]) => void) => done(reads.shift() ?? []) }),
    });
    const inner = folder("/s/case", [file("/s/case/1.dat")], [file("/s/case/2.dat")]);
    const entry = folder("/s", [file("/s/case.mrxs"), inner]);
    const transfer = { items: [{ webkitGetAsEntry: () => entry }], files: [] } as unknown as DataTransfer;
    expect((await droppedFiles(transfer)).map(({ path }) => path)).toEqual([
      "s/case.mrxs",
      "s/case/1.dat",
      "s/case/2.dat",
    ]);
  });
});
