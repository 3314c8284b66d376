// What Lighthouse says of the sign-in page and of a slide's page, as a laptop's Chromium loads them; signed in for the second.
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { given, persistentPerson, project, seen, tell } from "./browser.mjs";

const modules = createRequire(join(given.web, "package.json"));
const { default: lighthouse } = await import(pathToFileURL(modules.resolve("lighthouse")).href);
const CATEGORIES = ["performance", "accessibility", "best-practices"];
const METRICS = ["first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift"];
const DESKTOP = { mobile: false, width: 1350, height: 940, deviceScaleFactor: 1, disabled: false };
const DENSE_LINE = { rttMs: 40, throughputKbps: 10 * 1024, cpuSlowdownMultiplier: 1 };

await tell(async () => {
  const port = await freePort();
  const { page, close } = await persistentPerson("Ann", [`--remote-debugging-port=${port}`]);
  const { slideId } = await project(page);
  await page.goto("about:blank");
  seen.viewer = await measure(`${given.url}/s/${slideId}`, port);
  await page.context().clearCookies();
  seen.signIn = await measure(`${given.url}/sign-in`, port);
  await close();
});

async function measure(url, port) {
  const flags = {
    port,
    output: "json",
    logLevel: "error",
    onlyCategories: CATEGORIES,
    formFactor: "desktop",
    screenEmulation: DESKTOP,
    throttling: DENSE_LINE,
    // Cookies stay: the slide is for members.
    disableStorageReset: true,
  };
  const { lhr } = await lighthouse(url, flags);
  const scores = Object.fromEntries(CATEGORIES.map((name) => [name, Math.round(lhr.categories[name].score * 100)]));
  const metrics = Object.fromEntries(METRICS.map((name) => [name, Math.round(lhr.audits[name].numericValue * 1000) / 1000]));
  const graded = CATEGORIES.slice(1).flatMap((name) => lhr.categories[name].auditRefs);
  const failed = graded.filter(({ id, weight }) => weight > 0 && (lhr.audits[id].score ?? 1) < 1).map(({ id }) => id);
  return { ...scores, metrics, failed, at: new URL(lhr.finalDisplayedUrl).pathname };
}

function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}
