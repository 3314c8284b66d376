import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { en } from "./en";

const ROOT = join(import.meta.dirname, "../../..");

/** Codes that only programs meet, never a person in front of this client; they get the server's English words. */
const FOR_PROGRAMS = new Set([
  ...["ANNOTATION_EXISTS", "BAD_CURSOR", "BAD_DOWNSAMPLE", "BAD_FORMAT", "BAD_ID", "BAD_REGION", "BODY_INVALID"],
  ...["BODY_TYPE", "CLIENT_ID_TAKEN", "EXPECTED_VERSION_MISSING", "FIELD_MISSING", "HISTORY_PRUNED", "LOCALE_UNKNOWN"],
  ...["MODEL_CONFIG", "MUTATION_ID_REUSED", "NO_SUCH_FILE", "NO_SUCH_IMAGE", "NO_SUCH_TILE", "OFFSET_MISMATCH"],
  ...["PAGE_SIZE", "PLATFORM_ERROR", "PORT_TAKEN", "POSITION_INVALID", "SCOPE_MISSING", "SIGNATURE_INVALID"],
  ...["TUS_CONTENT_TYPE", "TUS_METADATA", "TUS_VERSION"],
]);

function codesOf(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".py"))
    .flatMap((file) => [
      ...readFileSync(join(ROOT, folder, file), "utf8").matchAll(
        /\b(?:code|default_code(?:: str)?)\s?=\s?"([A-Z][A-Z_]+)"/g,
      ),
    ])
    .flatMap((match) => match[1] ?? []);
}

it("tells every failure a person can meet in the reader's language", () => {
  const codes = new Set(["api", "schema"].flatMap(codesOf));
  expect(codes.size).toBeGreaterThan(50);
  const silent = [...codes].filter((code) => !(code in en.failure) && !FOR_PROGRAMS.has(code));
  expect(silent.sort()).toEqual([]);
});
