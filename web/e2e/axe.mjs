// The accessibility check of the browser tests: axe-core on the page as it stands.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const source = readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/**
 * What axe finds serious or critical, each as one readable line; empty when all is well.
 *
 * @param {import("playwright-core").Page} page
 * @param {readonly string[]} [exclude] selectors of parts that are not ours to judge
 * @returns {Promise<string[]>}
 */
export async function seriousViolations(page, exclude = []) {
  // Evaluated, not added as a script tag: the page's content security policy allows none of that.
  await page.evaluate(await source);
  const violations = await page.evaluate(
    async ([tags, excluded]) => {
      // What fades in or out, such as a tooltip, is judged as it will be: half-way its contrast is nobody's choice.
      const still = new CSSStyleSheet();
      still.replaceSync("*, ::before, ::after { transition: none !important; animation: none !important; }");
      document.adoptedStyleSheets.push(still);
      for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
      const context = { include: [["html"]], exclude: excluded.map((selector) => [selector]) };
      const results = await globalThis.axe.run(context, { runOnly: { type: "tag", values: tags } });
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== still);
      return results.violations;
    },
    [TAGS, exclude],
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, help, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${help} at ${target.join(" ")} (${failureSummary})`),
    );
}
