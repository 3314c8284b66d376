import { CombinedError } from "@urql/core";
import { GraphQLError } from "graphql";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { setLanguage, startI18n } from "../i18n";
import { describeFailure, failureOf, RequestFailed } from "./failure";

beforeAll(() => startI18n("en"));
beforeEach(() => setLanguage("en"));

describe("describeFailure", () => {
  it("speaks the reader's language, with values as people read them", async () => {
    const failure = {
      code: "SLIDE_TRUNCATED",
      message: "raw",
      params: { expected_bytes: 2_400_000_000, actual_bytes: 900_000_000 },
    };
    expect(describeFailure(failure)).toBe(
      "The file is cut short: 2.4 GB are needed, it has 900 MB. Copy it from the scanner again.",
    );
    await setLanguage("ko");
    expect(describeFailure(failure)).toBe(
      "파일이 중간에 잘렸습니다. 2.4 GB 중 900 MB만 있습니다. 스캐너에서 다시 복사하세요.",
    );
  });

  it("leaves the word to the server when a value for the sentence is missing", () => {
    expect(describeFailure({ code: "NAME_TOO_LONG", message: "At most 120 characters." })).toBe(
      "At most 120 characters.",
    );
  });

  it("tells seconds as time", () => {
    const failure = { code: "SIGN_IN_PAUSED", message: "raw", params: { retry_after_s: 840 } };
    expect(describeFailure(failure)).toBe("Too many failed sign-ins. Try again in 14 min.");
  });

  it("falls back to the server's own words for a code it does not know", () => {
    expect(describeFailure({ code: "BRAND_NEW", message: "The moon is full. Wait." })).toBe("The moon is full. Wait.");
    expect(describeFailure({ code: "BRAND_NEW", message: "" })).toBe(
      "Something went wrong. Try again; if it stays, tell the administrator.",
    );
  });
});

describe("failureOf", () => {
  it("reads code, field and values of a refused operation", () => {
    const refused = new GraphQLError("no", { extensions: { code: "NOT_FOUND", field: "id", params: { id: 7 } } });
    expect(failureOf(new CombinedError({ graphQLErrors: [refused] }))).toEqual({
      code: "NOT_FOUND",
      message: "no",
      field: "id",
      params: { id: 7 },
    });
  });

  it("calls a line without an answer a network failure", () => {
    expect(failureOf(new CombinedError({ networkError: new TypeError("fetch failed") })).code).toBe("NETWORK");
  });

  it("hands on what was already a failure", () => {
    const failure = { code: "CONFLICT", message: "changed" };
    expect(failureOf(new RequestFailed(failure))).toBe(failure);
  });
});
