import { afterEach, describe, expect, it, vi } from "vitest";
import { newId, uuidOfBytes } from "./ids";

const UUID_4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

afterEach(() => vi.unstubAllGlobals());

describe("newId", () => {
  it("is a random UUID of version 4, another one each time", () => {
    const ids = new Set(Array.from({ length: 100 }, newId));
    expect(ids.size).toBe(100);
    for (const id of ids) expect(id).toMatch(UUID_4);
  });

  it("is one also where the browser has no randomUUID, as over plain http", () => {
    vi.stubGlobal("crypto", {
      getRandomValues: <T extends ArrayBufferView>(bytes: T) => globalThis.structuredClone(bytes),
    });
    expect(newId()).toBe("00000000-0000-4000-8000-000000000000");
  });
});

describe("uuidOfBytes", () => {
  it("writes bytes in the order they come", () => {
    expect(uuidOfBytes(Uint8Array.from({ length: 16 }, (_, i) => i))).toBe("00010203-0405-0607-0809-0a0b0c0d0e0f");
  });
});
