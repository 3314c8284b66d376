import { screen } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type Answers, renderPage } from "../app/testing/render";
import { startI18n } from "../i18n";
import { SignInPage } from "./SignInPage";

const PROVIDERS = [
  { name: "kakao", label: "Kakao", startUrl: "/auth/oauth/kakao/start" },
  { name: "github", label: "GitHub", startUrl: "/auth/oauth/github/start" },
];
const server = (registrationOpen: boolean): Answers => ({
  Server: () => ({ server: { version: "0.1.0", registrationOpen, uploadMaxBytes: 1, authProviders: PROVIDERS } }),
});
const open = (path = "/sign-in", registrationOpen = true) =>
  renderPage(<SignInPage />, { path, signedIn: false, answers: server(registrationOpen) });

beforeEach(() => startI18n("en"));

function answer(status: number, body: object) {
  const fetched = vi.fn(async (_path: string, _init: RequestInit) => new Response(JSON.stringify(body), { status }));
  vi.stubGlobal("fetch", fetched);
  return fetched;
}

describe("SignInPage", () => {
  it("sends e-mail and password, and goes to where one was", async () => {
    const fetched = answer(200, { user: {} });
    const assign = vi.spyOn(window.location, "assign").mockImplementation(() => undefined);
    const { user } = open("/sign-in?next=%2Fp%2F7");
    await user.type(screen.getByLabelText("E-mail"), " yuna@example.org ");
    await user.type(screen.getByLabelText("Password"), "violet nuclei");
    await user.click(screen.getByRole("button", { name: "Sign in" }));
    expect(fetched.mock.calls[0]?.[0]).toBe("/auth/login");
    expect(JSON.parse(String(fetched.mock.calls[0]?.[1].body))).toEqual({
      email: "yuna@example.org",
      password: "violet nuclei",
    });
    expect(assign).toHaveBeenCalledExactlyOnceWith("/p/7");
  });

  it("says a failure in place, in the reader's language", async () => {
    answer(401, { error: { code: "WRONG_CREDENTIALS", message: "raw" } });
    const { user } = open();
    await user.type(screen.getByLabelText("E-mail"), "yuna@example.org");
    await user.type(screen.getByLabelText("Password"), "wrong");
    await user.click(screen.getByRole("button", { name: "Sign in" }));
    expect(await screen.findByRole("alert")).toHaveTextContent(
      "E-mail or password is wrong. Check both and try again.",
    );
    await user.click(screen.getByRole("button", { name: "한국어" }));
    expect(await screen.findByText(/이메일이나 비밀번호가 맞지 않습니다\./)).toBeInTheDocument();
    expect(document.documentElement.lang).toBe("ko");
  });

  it("puts a failure about a field under that field", async () => {
    answer(422, {
      error: { code: "PASSWORD_TOO_SHORT", message: "raw", field: "password", params: { length: 5, limit: 8 } },
    });
    const { user } = open();
    await user.click(await screen.findByRole("button", { name: "Create account" }));
    await user.type(screen.getByLabelText("E-mail"), "yuna@example.org");
    await user.type(screen.getByLabelText("Name"), "Yuna");
    await user.type(screen.getByLabelText("Password"), "short");
    await user.click(screen.getAllByRole("button", { name: "Create account" })[0] as HTMLElement);
    expect(await screen.findByRole("alert")).toHaveTextContent("Use at least 8 characters.");
    expect(screen.getByLabelText("Password")).toHaveAccessibleDescription(/Use at least 8 characters/);
  });

  it("offers the configured services and hands on where to return to", async () => {
    open("/sign-in?next=%2Fs%2F9");
    const kakao = await screen.findByRole("link", { name: "Continue with Kakao" });
    expect(kakao).toHaveAttribute("href", "/auth/oauth/kakao/start?next=%2Fs%2F9");
    expect(kakao).toHaveAttribute("data-provider", "kakao");
    expect(screen.getByRole("link", { name: "Continue with GitHub" })).toBeInTheDocument();
  });

  it("tells why a sign-in link did not work", () => {
    open("/sign-in?error=LINK_USED");
    expect(screen.getByRole("alert")).toHaveTextContent("This sign-in link was used before. Ask for a new one.");
  });

  it("offers no registration where it is closed", async () => {
    open("/sign-in", false);
    expect(await screen.findByText(/New accounts are made by the administrator/)).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: "Create account" })).toBeNull();
  });
});
