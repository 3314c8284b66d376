import { beforeAll, describe, expect, it } from "vitest";
import { en } from "./en";
import { formatAgo, formatArea, formatBytes, formatDuration, formatLength, formatPixels } from "./format";
import { setLanguage, startI18n } from "./index";
import { ko } from "./ko";

type Tree = { readonly [key: string]: string | Tree };

function texts(tree: Tree, path = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    const at = path ? `${path}.${key}` : key;
    if (typeof value === "string") found.set(at, value);
    else for (const [inner, text] of texts(value, at)) found.set(inner, text);
  }
  return found;
}

/** The values a text is filled with, in the order of the alphabet. */
function slots(text: string): string[] {
  return [...text.matchAll(/\{\{\s*(\w+)/g)].map((match) => match[1] ?? "").sort();
}

const english = texts(en);
const korean = texts(ko);
const isSingular = (key: string) => key.endsWith("_one");

describe("translations", () => {
  it("have the same keys, but for the singular that Korean lacks", () => {
    expect([...korean.keys()].sort()).toEqual([...english.keys()].filter((key) => !isSingular(key)).sort());
  });

  it("are filled with the same values", () => {
    const different = [...korean].filter(([key, text]) => slots(text).join() !== slots(english.get(key) ?? "").join());
    expect(different.map(([key]) => key)).toEqual([]);
  });

  it("have a plural for every singular", () => {
    const lonely = [...english.keys()].filter(isSingular).filter((key) => !english.has(key.replace(/_one$/, "_other")));
    expect(lonely).toEqual([]);
  });

  it("leave no text empty and none untranslated", () => {
    expect([...english, ...korean].filter(([, text]) => text.trim() === "")).toEqual([]);
    const hangul = /[가-힣]/;
    const sameInBoth = new Set([
      "ai.tab",
      "ai.dice",
      "ai.speed",
      "ai.run",
      "grid.column.mpp",
      "grid.summary",
      "panel.aiLayer",
      "panel.perPixel",
    ]);
    const untranslated = [...korean].filter(
      ([key, text]) =>
        !hangul.test(text) &&
        !sameInBoth.has(key) &&
        !/^(export|viewer\.(latency|seq|importText)|upload\.(of|speed))/.test(key),
    );
    expect(untranslated.map(([key]) => key)).toEqual([]);
  });
});

describe("formats", () => {
  beforeAll(() => startI18n("en"));

  it("count bytes in powers of ten", () => {
    expect([formatBytes(0), formatBytes(999), formatBytes(2_400_000_000), formatBytes(123_456_789)]).toEqual([
      "0 B",
      "999 B",
      "2.4 GB",
      "123 MB",
    ]);
  });

  it("choose the unit by size", () => {
    expect([formatArea(3.42), formatArea(0.0005), formatArea(212.34)]).toEqual(["3.42 mm²", "500 µm²", "212.3 mm²"]);
    expect([formatLength(12.34), formatLength(500), formatLength(1500)]).toEqual(["12.3 µm", "500 µm", "1.50 mm"]);
    expect(formatPixels(46_000, 32_914)).toBe("1.5 GP");
  });

  it("tell time in the reader's language", async () => {
    const now = Date.parse("2026-01-01T12:00:00Z");
    expect(formatDuration(3)).toBe("3 sec");
    expect(formatDuration(4830)).toBe("1 hr 21 min");
    expect(formatAgo("2026-01-01T11:58:00Z", now)).toBe("2 min. ago");
    await setLanguage("ko");
    expect(formatDuration(3)).toBe("3초");
    expect(formatAgo("2026-01-01T11:58:00Z", now)).toBe("2분 전");
    expect(formatAgo("2025-12-31T12:00:00Z", now)).toBe("어제");
    expect(document.documentElement.lang).toBe("ko");
  });
});
