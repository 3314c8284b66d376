import { screen, within } from "@testing-library/react";
import { GraphQLError } from "graphql";
import { beforeAll, describe, expect, it } from "vitest";
import { type Answers, ME, renderPage } from "../app/testing/render";
import { startI18n } from "../i18n";
import { ProjectsPage } from "./ProjectsPage";

const COLON = {
  __typename: "Project",
  id: "p1",
  name: "Colon study",
  description: "second reading",
  blind: false,
  createdAt: "2026-01-01T00:00:00Z",
  myRole: "OWNER",
  slideCount: 2,
  annotationCount: 1204,
  members: [{ role: "OWNER", user: ME }],
};

function withProjects(nodes: readonly object[]): Answers {
  const pageInfo = { hasNextPage: false, endCursor: null };
  return {
    Projects: () => ({ projects: { totalCount: nodes.length, pageInfo, nodes } }),
    ProjectPreview: () => ({ slides: { nodes: [] } }),
  };
}

beforeAll(() => startI18n("en"));

describe("ProjectsPage", () => {
  it("says what to do when there is no project, and makes the first", async () => {
    const { user, calls, history } = renderPage(<ProjectsPage />, {
      answers: {
        ...withProjects([]),
        CreateProject: () => ({ createProject: { __typename: "Project", id: "p9", name: "Lung" } }),
      },
    });
    expect(await screen.findByText("Start with a project")).toBeInTheDocument();
    await user.click(screen.getAllByRole("button", { name: "New project" })[0] as HTMLElement);
    const dialog = await screen.findByRole("dialog");
    expect(within(dialog).getByRole("button", { name: "Create" })).toBeDisabled();
    await user.type(within(dialog).getByLabelText("Name"), "  Lung ");
    await user.click(within(dialog).getByRole("button", { name: "Create" }));
    expect(calls.find((call) => call.name === "CreateProject")?.variables).toEqual({
      input: { name: "Lung", description: "" },
    });
    expect(history.at(-1)).toBe("/p/p9");
  });

  it("shows a project with its figures", async () => {
    renderPage(<ProjectsPage />, { answers: withProjects([COLON]) });
    expect(await screen.findByRole("link", { name: "Colon study" })).toHaveAttribute("href", "/p/p1");
    expect(screen.getByText("2 slides · 1,204 annotations")).toBeInTheDocument();
    expect(screen.getByText("1 project")).toBeInTheDocument();
  });

  it("deletes only after the name was typed", async () => {
    const { user, calls } = renderPage(<ProjectsPage />, {
      answers: {
        ...withProjects([COLON]),
        DeleteProject: () => ({ deleteProject: { __typename: "Deleted", id: "p1" } }),
      },
    });
    await user.click(await screen.findByRole("button", { name: "Actions for project Colon study" }));
    await user.click(await screen.findByRole("menuitem", { name: "Delete project" }));
    const dialog = await screen.findByRole("dialog");
    const verb = within(dialog).getByRole("button", { name: "Delete project" });
    expect(verb).toBeDisabled();
    await user.type(within(dialog).getByLabelText("Type the project's name to confirm"), "Colon study");
    await user.click(verb);
    expect(calls.filter((call) => call.name === "DeleteProject")).toEqual([
      { name: "DeleteProject", variables: { input: { id: "p1" } } },
    ]);
    expect(await screen.findByText("“Colon study” was deleted")).toBeInTheDocument();
  });

  it("keeps the dialog open and says why a project could not be renamed", async () => {
    const { user } = renderPage(<ProjectsPage />, {
      answers: {
        ...withProjects([COLON]),
        UpdateProject: () => ({
          updateProject: {
            __typename: "Failure",
            code: "NAME_TOO_LONG",
            message: "",
            field: "name",
            params: { limit: 120 },
          },
        }),
      },
    });
    await user.click(await screen.findByRole("button", { name: "Actions for project Colon study" }));
    await user.click(await screen.findByRole("menuitem", { name: "Project settings" }));
    const dialog = await screen.findByRole("dialog");
    await user.click(within(dialog).getByRole("button", { name: "Save" }));
    expect(await within(dialog).findByText("The name is too long: at most 120 characters.")).toBeInTheDocument();
  });

  it("makes a project blind", async () => {
    const { user, calls } = renderPage(<ProjectsPage />, {
      answers: {
        ...withProjects([COLON]),
        UpdateProject: () => ({ updateProject: { ...COLON, blind: true } }),
      },
    });
    await user.click(await screen.findByRole("button", { name: "Actions for project Colon study" }));
    await user.click(await screen.findByRole("menuitem", { name: "Project settings" }));
    const dialog = await screen.findByRole("dialog");
    const blind = within(dialog).getByRole("switch", { name: /^Blind reading/ });
    expect(blind).not.toBeChecked();
    await user.click(blind);
    await user.click(within(dialog).getByRole("button", { name: "Save" }));
    expect(calls.find((call) => call.name === "UpdateProject")?.variables).toEqual({
      input: { id: "p1", name: "Colon study", description: "second reading", blind: true },
    });
  });

  it("offers to try again when the projects can't be loaded", async () => {
    renderPage(<ProjectsPage />, {
      answers: {
        Projects: () => {
          throw new GraphQLError("away", { extensions: { code: "UNAVAILABLE" } });
        },
      },
    });
    expect(await screen.findByRole("alert")).toHaveTextContent("A part of the server is away. Try again in a minute.");
    expect(screen.getByRole("button", { name: "Try again" })).toBeEnabled();
  });

  it("leads to the sign-in page when the session ends meanwhile", async () => {
    const { history } = renderPage(<ProjectsPage />, {
      answers: {
        Projects: () => {
          throw new GraphQLError("ended", { extensions: { code: "NOT_SIGNED_IN" } });
        },
      },
    });
    await expect.poll(() => history.at(-1)).toMatch(/^\/sign-in/);
  });

  it("sends strangers to the sign-in page", async () => {
    const { history } = renderPage(<ProjectsPage />, { answers: { Me: () => ({ me: null }) } });
    await expect.poll(() => history.at(-1)).toMatch(/^\/sign-in/);
  });
});
