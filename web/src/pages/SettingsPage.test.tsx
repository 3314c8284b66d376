import { screen, waitFor, within } from "@testing-library/react";
import { beforeAll, describe, expect, it } from "vitest";
import { type Answers, ME, renderPage } from "../app/testing/render";
import { setLanguage, startI18n } from "../i18n";
import { SettingsPage } from "./SettingsPage";

const TOKEN = {
  id: "k1",
  name: "Notebook",
  prefix: "coslide_8e3b",
  scopes: ["read", "predict"],
  createdAt: "2026-01-01T00:00:00Z",
  expiresAt: null,
  lastUsedAt: null,
};
const sessions = [
  { id: "a", createdAt: new Date().toISOString(), userAgent: "X11; Linux Firefox/130", current: true },
  { id: "b", createdAt: new Date().toISOString(), userAgent: "curl/8", current: false },
];

function answers(extra: Answers = {}): Answers {
  return {
    Settings: () => ({ me: { email: "yuna@example.org", locale: "en", user: ME, apiTokens: [TOKEN], sessions } }),
    UpdateMe: () => ({ updateMe: { __typename: "Me", locale: "en", user: ME } }),
    ...extra,
  };
}

beforeAll(() => startI18n("en"));

describe("SettingsPage", () => {
  it("shows a new token once", async () => {
    const { user, calls } = renderPage(<SettingsPage />, {
      answers: answers({
        CreateApiToken: () => ({
          createApiToken: {
            __typename: "CreatedApiToken",
            token: "coslide_secret",
            apiToken: { id: "k2", name: "Script" },
          },
        }),
      }),
    });
    await user.click(await screen.findByRole("button", { name: "New token" }));
    await user.type(await screen.findByLabelText("What is it for?"), "Script");
    await user.click(screen.getByLabelText("Predict"));
    await user.click(screen.getByRole("button", { name: "Create" }));
    expect(await screen.findByText("coslide_secret")).toBeInTheDocument();
    expect(calls.find((call) => call.name === "CreateApiToken")?.variables).toEqual({
      input: { name: "Script", scopes: ["read", "predict"], expiresInDays: 90 },
    });
    const dialog = screen.getByRole("dialog");
    await user.click(within(dialog).getAllByRole("button", { name: "Close" })[0] as HTMLElement);
    await waitFor(() => expect(screen.queryByText("coslide_secret")).toBeNull());
  });

  it("revokes a token after asking, and another session at once", async () => {
    const { user, calls } = renderPage(<SettingsPage />, {
      answers: answers({
        RevokeApiToken: () => ({ revokeApiToken: { __typename: "Deleted", id: "k1" } }),
        RevokeSession: () => ({ revokeSession: { __typename: "Deleted", id: "b" } }),
      }),
    });
    expect(await screen.findByText("coslide_8e3b… · Read, Predict · never used · never")).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Revoke token Notebook" }));
    const dialog = await screen.findByRole("dialog");
    expect(calls.some((call) => call.name === "RevokeApiToken")).toBe(false);
    await user.click(within(dialog).getByRole("button", { name: "Revoke" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(calls.find((call) => call.name === "RevokeApiToken")?.variables).toEqual({ input: { id: "k1" } });
    expect(screen.getByText("Firefox on Linux")).toBeInTheDocument();
    expect(screen.getByText("this browser")).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Sign out Unknown device" }));
    await waitFor(() =>
      expect(calls.find((call) => call.name === "RevokeSession")?.variables).toEqual({ input: { id: "b" } }),
    );
  });

  it("says which password is wrong", async () => {
    const { user } = renderPage(<SettingsPage />, {
      answers: answers({
        UpdateMe: () => ({
          updateMe: {
            __typename: "Failure",
            code: "CURRENT_PASSWORD_WRONG",
            message: "",
            field: "currentPassword",
            params: {},
          },
        }),
      }),
    });
    await user.type(await screen.findByLabelText("Current password"), "old one");
    await user.type(screen.getByLabelText("New password"), "violet nuclei");
    await user.click(screen.getByRole("button", { name: "Change password" }));
    expect(await screen.findByText("The current password is wrong.")).toBeInTheDocument();
  });

  it("switches the language of everything and tells the account", async () => {
    const { user, calls } = renderPage(<SettingsPage />, { answers: answers() });
    await user.click(await screen.findByRole("combobox", { name: "Language" }));
    await user.click(await screen.findByRole("option", { name: "한국어" }));
    expect(await screen.findByRole("heading", { name: "설정", level: 1 })).toBeInTheDocument();
    await waitFor(() =>
      expect(calls.find((call) => call.name === "UpdateMe")?.variables).toEqual({ input: { locale: "ko" } }),
    );
    await setLanguage("en");
  });
});
