import { fireEvent, screen, waitFor } from "@testing-library/react";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Answers, type Call, ME, renderPage } from "../app/testing/render";
import type { Role } from "../gql/graphql";
import { startI18n } from "../i18n";
import { ProjectPage } from "./ProjectPage";

const slide = (id: string, name: string, values: object = {}) => ({
  __typename: "Slide",
  id,
  name,
  description: "",
  tags: [],
  filename: `${name}.svs`,
  sizeBytes: 2.4e9,
  width: 60_000,
  height: 50_000,
  mppX: 0.25,
  mppY: 0.25,
  objectivePower: 40,
  thumbnailUrl: `/slides/${id}/thumbnail.jpg`,
  fileUrl: `/slides/${id}/file`,
  canDownload: true,
  createdAt: new Date().toISOString(),
  deletedAt: null,
  vendor: "aperio",
  annotationCount: 0,
  reviewedCount: 0,
  passesThrough: true,
  fileJob: null,
  createdBy: ME,
  latestPrediction: null,
  ...values,
});

const CASE = slide("s1", "Case 117", { tags: ["margin"], annotationCount: 1204 });
const UNSCALED = slide("s2", "Case 092", { mppX: null, mppY: null, objectivePower: null, canDownload: false });
const BINNED = slide("s3", "Old", { deletedAt: "2026-01-01T00:00:00Z" });

function answers(myRole: Role, slides: readonly object[] = [CASE, UNSCALED]): Answers {
  const project = { __typename: "Project", id: "p1", name: "Colon", description: "", createdAt: "", myRole };
  return {
    Project: () => ({
      project: { ...project, slideCount: 2, annotationCount: 1204, members: [{ role: myRole, user: ME }], terms: [] },
    }),
    Slides: ({ inBin }) => {
      const nodes = inBin ? [BINNED] : slides;
      return { slides: { totalCount: nodes.length, pageInfo: { hasNextPage: false, endCursor: null }, nodes } };
    },
    RemovePrivateImages: () => ({
      removePrivateImages: { __typename: "Slide", id: "s1", fileJob: null },
    }),
    TranscodeSlide: () => ({ transcodeSlide: { __typename: "Slide", id: "s1", fileJob: null } }),
    DeleteSlide: () => ({ deleteSlide: { __typename: "Slide", id: "s1", deletedAt: "2026-01-01T00:00:00Z" } }),
    RestoreSlide: () => ({ restoreSlide: { __typename: "Slide", id: "s1", deletedAt: null } }),
    UpdateSlide: () => ({ updateSlide: CASE }),
  };
}

const open = (role: Role = "OWNER", slides?: readonly object[]) =>
  renderPage(<ProjectPage projectId="p1" />, { path: "/p/p1", answers: answers(role, slides) });
const last = (calls: readonly Call[], name: string) => calls.findLast((call) => call.name === name)?.variables;

beforeAll(() => startI18n("en"));
beforeEach(() => localStorage.removeItem("coslide.slides.p1"));

describe("ProjectPage", () => {
  it("shows what a slide is at a glance", async () => {
    open();
    expect(await screen.findByRole("link", { name: "Open slide Case 117" })).toHaveAttribute("href", "/s/s1");
    expect(screen.getByText("40× · 3.0 GP · 2.4 GB")).toBeInTheDocument();
    expect(screen.getByText("mpp unknown · 3.0 GP · 2.4 GB")).toBeInTheDocument();
    expect(screen.getByText("Enter mpp")).toBeInTheDocument();
  });

  it("narrows by states, tags and search together, and shows all again", async () => {
    const { user } = open();
    await user.click(await screen.findByRole("button", { name: "Needs mpp 1" }));
    expect(screen.queryByText("Case 117")).toBeNull();
    expect(screen.getByText("Case 092")).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "All 2" }));
    await user.click(screen.getByRole("button", { name: "Only slides with the tag margin" }));
    expect(screen.queryByText("Case 092")).toBeNull();
    await user.click(screen.getByRole("button", { name: "Needs mpp 1" }));
    expect(await screen.findByText("Nothing matches")).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Without the tag margin" }));
    expect(screen.getByText("Case 092")).toBeInTheDocument();
    await user.type(screen.getByRole("searchbox"), "nothing");
    expect(await screen.findByText("Nothing matches")).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Show all slides" }));
    expect(await screen.findByText("Case 117")).toBeInTheDocument();
  });

  it("is a table as well, sorted by the column that is pressed, and stays so", async () => {
    const { user, unmount } = open();
    await user.click(await screen.findByRole("button", { name: "Table" }));
    const names = () => screen.getAllByRole("link", { name: /^Open slide/ }).map((link) => link.textContent);
    await user.click(screen.getByRole("button", { name: "Annotations" }));
    expect(names()).toEqual(["Case 117", "Case 092"]);
    await user.click(screen.getByRole("button", { name: "Annotations" }));
    expect(names()).toEqual(["Case 092", "Case 117"]);
    expect(screen.getByRole("columnheader", { name: "Annotations" })).toHaveAttribute("aria-sort", "ascending");
    unmount();
    open();
    const table = await screen.findByRole("table", { name: "Slides" });
    await waitFor(() => expect(table).toHaveAttribute("aria-rowcount", "3"));
    expect(names()).toEqual(["Case 092", "Case 117"]);
  });

  it("puts a slide into the bin and takes the step back", async () => {
    const { user, calls } = open();
    await user.click(await screen.findByRole("button", { name: "Actions for slide Case 117" }));
    await user.click(await screen.findByRole("menuitem", { name: "Move to bin" }));
    expect(last(calls, "DeleteSlide")).toEqual({ input: { id: "s1" } });
    await user.click(await screen.findByRole("button", { name: "Undo" }));
    await waitFor(() => expect(last(calls, "RestoreSlide")).toEqual({ input: { id: "s1" } }));
  });

  it("takes names and label away", async () => {
    const { user, calls } = open();
    await user.click(await screen.findByRole("button", { name: "Actions for slide Case 117" }));
    await user.click(await screen.findByRole("menuitem", { name: "Remove names and label" }));
    expect(await screen.findByRole("button", { name: "Remove" })).toBeDisabled();
    await user.type(screen.getByLabelText("Accession code"), " S26-42 ");
    await user.click(screen.getByLabelText("Remove label and macro image"));
    await user.click(screen.getByRole("button", { name: "Remove" }));
    await waitFor(() => expect(last(calls, "UpdateSlide")).toEqual({ input: { id: "s1", accessionCode: "S26-42" } }));
    expect(last(calls, "RemovePrivateImages")).toEqual({ input: { id: "s1", keepPyramidOnly: false } });
  });

  it("keeps only a converted pyramid where that is chosen", async () => {
    const { user, calls } = open();
    await user.click(await screen.findByRole("button", { name: "Actions for slide Case 117" }));
    await user.click(await screen.findByRole("menuitem", { name: "Remove names and label" }));
    await user.click(await screen.findByLabelText("Remove label and macro image"));
    await user.click(screen.getByLabelText("Keep only a converted pyramid"));
    await user.click(screen.getByRole("button", { name: "Remove" }));
    await waitFor(() =>
      expect(last(calls, "RemovePrivateImages")).toEqual({ input: { id: "s1", keepPyramidOnly: true } }),
    );
  });

  it("offers conversion where tiles are decoded, and shows how far it is", async () => {
    const job = { __typename: "SlideJob", id: "j1", kind: "TRANSCODE", progress: 0.42, error: null };
    const decoded = slide("s4", "Slow", { passesThrough: false });
    const running = slide("s5", "Busy", { passesThrough: false, fileJob: { ...job, status: "RUNNING" } });
    const error = { __typename: "Failure", code: "DISK_FULL", message: "", field: null, params: {} };
    const failed = slide("s6", "Full", { fileJob: { ...job, kind: "REMOVE_IMAGES", status: "FAILED", error } });
    const { user, calls } = open("OWNER", [CASE, decoded, running, failed]);
    expect(await screen.findByText("Converting 42 %")).toBeInTheDocument();
    await user.hover(screen.getByText("Label not removed"));
    expect(await screen.findByText(/disk is full/)).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Actions for slide Case 117" }));
    await screen.findByRole("menuitem", { name: "Remove names and label" });
    expect(screen.queryByRole("menuitem", { name: "Convert for quick viewing" })).toBeNull();
    await user.keyboard("{Escape}");
    await user.click(screen.getByRole("button", { name: "Actions for slide Slow" }));
    await user.click(await screen.findByRole("menuitem", { name: "Convert for quick viewing" }));
    await waitFor(() => expect(last(calls, "TranscodeSlide")).toEqual({ input: { id: "s4" } }));
  });

  it("restores from the bin", async () => {
    const { user, calls } = open();
    await user.click(await screen.findByRole("button", { name: "Bin" }));
    await user.click(await screen.findByRole("button", { name: "Restore" }));
    await waitFor(() => expect(last(calls, "RestoreSlide")).toEqual({ input: { id: "s3" } }));
  });

  it("takes one number for both axes of the scale, and refuses nonsense", async () => {
    const { user, calls } = open();
    await user.click(await screen.findByRole("button", { name: "Actions for slide Case 092" }));
    await user.click(await screen.findByRole("menuitem", { name: "Set scale (mpp)" }));
    const across = await screen.findByLabelText("Across (µm per px)");
    fireEvent.change(across, { target: { value: "0" } });
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(await screen.findByText("Write a number between 0.01 and 100, such as 0.25")).toBeInTheDocument();
    expect(last(calls, "UpdateSlide")).toBeUndefined();
    fireEvent.change(across, { target: { value: "0.5" } });
    await user.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(last(calls, "UpdateSlide")).toEqual({ input: { id: "s2", mppX: 0.5, mppY: 0.5 } }));
  });

  it("offers an annotator nothing that the server would refuse", async () => {
    const { user } = open("ANNOTATOR");
    await user.click(await screen.findByRole("button", { name: "Actions for slide Case 117" }));
    expect((await screen.findAllByRole("menuitem")).map((item) => item.textContent)).toEqual(["Download file"]);
    await user.keyboard("{Escape}");
    expect(screen.queryByRole("button", { name: "Actions for slide Case 092" })).toBeNull();
    expect(screen.queryByText("Drop slides here")).toBeNull();
    expect(screen.queryByRole("button", { name: "Upload" })).toBeNull();
    expect(screen.queryByRole("button", { name: "Bin" })).toBeNull();
  });

  it("refuses an empty file before it is sent", async () => {
    const { user } = open("OWNER", []);
    expect(await screen.findByText("No slides yet")).toBeInTheDocument();
    const [input] = screen.getAllByLabelText("choose files");
    await user.upload(input as HTMLElement, new File([], "nothing.svs"));
    expect(await screen.findByText("nothing.svs is empty.")).toBeInTheDocument();
  });

  it("says so when there is no such project", async () => {
    renderPage(<ProjectPage projectId="p7" />, { path: "/p/p7", answers: { Project: () => ({ project: null }) } });
    expect(await screen.findByText("This project does not exist, or you are not a member of it.")).toBeInTheDocument();
    expect(screen.getByRole("link", { name: "To the projects" })).toHaveAttribute("href", "/");
  });
});
