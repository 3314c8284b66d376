import { describe, expect, it } from "vitest";
import { nextPath, signInPath } from "./paths";

describe("signInPath and nextPath", () => {
  it("lead back to where one was", () => {
    const path = signInPath({ pathname: "/s/7", search: "?x=1&y=2&d=4" });
    expect(path).toBe("/sign-in?next=%2Fs%2F7%3Fx%3D1%26y%3D2%26d%3D4");
    expect(nextPath(path.slice(path.indexOf("?")))).toBe("/s/7?x=1&y=2&d=4");
  });

  it("need no address for the first page", () => {
    expect(signInPath({ pathname: "/", search: "" })).toBe("/sign-in");
    expect(nextPath("")).toBe("/");
  });

  it.each(["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)"])(
    "never lead to another site: %s",
    (next) => {
      expect(nextPath(`?next=${encodeURIComponent(next)}`)).toBe("/");
    },
  );
});
