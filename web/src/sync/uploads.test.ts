import { DetailedError, type HttpResponse } from "tus-js-client";
import { describe, expect, it } from "vitest";
import { reasonOf } from "./uploads";

function answered(status: number, body: string): Error {
  const response: HttpResponse = {
    getStatus: () => status,
    getHeader: () => undefined,
    getBody: () => body,
    getUnderlyingObject: () => null,
  };
  return new DetailedError("tus: unexpected response", undefined, undefined, response);
}

describe("reasonOf", () => {
  it("gives the server's own words, with the values to translate them by", () => {
    const body = JSON.stringify({
      error: {
        code: "SLIDE_NO_TILES",
        message: "scan_07.svs has a TIFF header but no tiles.",
        params: { filename: "scan_07.svs" },
      },
    });
    expect(reasonOf(answered(422, body))).toEqual({
      code: "SLIDE_NO_TILES",
      message: "scan_07.svs has a TIFF header but no tiles.",
      params: { filename: "scan_07.svs" },
    });
  });

  it("knows a proxy's refusal of size without our JSON", () => {
    expect(reasonOf(answered(413, "<html>Request Entity Too Large</html>")).code).toBe("TOO_LARGE");
  });

  it("says what to do when nobody answered", () => {
    expect(reasonOf(new Error("network"))).toEqual({
      code: "UPLOAD_FAILED",
      message: "The upload was interrupted. Check the connection and press resume.",
      params: { status: 0 },
    });
  });
});
