// The browser's half of `benchmarks.web`. Prints progress to stderr and, last, one JSON object to stdout.
//
// node _web_pages.mjs '{"url", "chromium", "web", "slides", "counts", "cookies", "middle"}'
import { createRequire } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const given = JSON.parse(process.argv[2]);
const only = process.env.ONLY?.split(",");
const { chromium } = createRequire(join(given.web, "package.json"))("playwright-core");

const FLAGS = [
  ...["--headless", "--no-sandbox", "--disable-quic", "--no-first-run", "--mute-audio"],
  ...["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
  // Frames as fast as they come: a ratio of two frames that both wait for the screen would say nothing.
  ...["--disable-frame-rate-limit", "--disable-gpu-vsync"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];
const ROUNDS = 2;
const FRAMES = 16;
const EDITS = 40;
/** How often the view is zoomed in from the whole slide: 43, 5.4 and 1.3 level-0 pixels a screen pixel. */
const ZOOMS = { far: 0, halfway: 3, near: 5 };
/** Until a page that was just opened has done its own starting work. */
const SETTLED_MS = 4000;

// A server of its own, to be killed at the end: this Chromium now and then never finishes closing.
const server = await chromium.launchServer({ executablePath: given.chromium, args: FLAGS });
const browser = await chromium.connect(server.wsEndpoint());
const figures = {};
const say = (text) => process.stderr.write(`${text}\n`);
const wants = (part) => only === undefined || only.includes(part);

async function visitor(cookie) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "en-US" });
  context.setDefaultTimeout(240_000);
  await context.addCookies([{ name: "coslide", value: cookie, url: given.url }]);
  await context.addInitScript(watch);
  return context;
}

/** Runs in every page: notes how long each task that held the main thread took. */
function watch() {
  window.longTasks = [];
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) window.longTasks.push({ startTime, duration });
  }).observe({ type: "longtask" });
}

async function openSlide(context, name) {
  const page = await context.newPage();
  page.on("pageerror", (error) => say(`page error: ${error.message}`));
  await page.goto(`${given.url}/s/${given.slides[name]}`);
  await page.locator(".coslide-map canvas").first().waitFor();
  return page;
}

const outlinesLoaded = (page, count) =>
  page.locator(`[data-testid="viewer"][data-outlines="${count}"]`).waitFor({ state: "attached" });

// ---- frames: pan by hand over the whole slide, halfway and near -----------------------------------------------------------------------------

/** In the page: drags the slide about and answers the time of each frame in milliseconds. */
async function panFrames(frames) {
  const target = document.querySelector(".coslide-map .ol-viewport");
  const box = target.getBoundingClientRect();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const send = (type, dx, to = target) =>
    to.dispatchEvent(
      new PointerEvent(type, {
        ...{ clientX: x + dx, clientY: y + dx / 2, pointerId: 1, pointerType: "mouse", isPrimary: true },
        ...{ button: type === "pointermove" ? -1 : 0, buttons: type === "pointerup" ? 0 : 1, bubbles: true },
      }),
    );
  const next = () => new Promise((resolve) => requestAnimationFrame(resolve));
  send("pointerdown", 0);
  const times = [];
  let before = await next();
  for (let i = 1; i <= frames; i++) {
    send("pointermove", 160 * Math.sin((i / frames) * 2 * Math.PI), document);
    const now = await next();
    times.push(now - before);
    before = now;
  }
  send("pointerup", 0, document);
  return times;
}

async function measureFrames() {
  const context = await visitor(given.cookies[0]);
  const pages = {};
  for (const [name, count] of Object.entries(given.counts)) {
    pages[name] = await openSlide(context, name);
    await outlinesLoaded(pages[name], count);
    say(`${name}: loaded`);
    await pages[name].waitForTimeout(1000);
  }
  const times = Object.fromEntries(Object.keys(pages).map((name) => [name, { far: [], halfway: [], near: [] }]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [zoom, steps] of Object.entries(ZOOMS)) {
      for (const [name, page] of Object.entries(pages)) {
        await page.bringToFront();
        await page.locator('[data-testid="viewer"]').focus();
        await page.keyboard.press("0");
        await page.waitForTimeout(400);
        for (let i = 0; i < steps; i++) {
          await page.keyboard.press("+");
          await page.waitForTimeout(400);
        }
        await page.waitForTimeout(800);
        const frames = (await page.evaluate(panFrames, FRAMES)).slice(4);
        say(`${name} ${zoom}: ${median(frames).toFixed(1)} ms`);
        times[name][zoom].push(...frames);
      }
    }
  }
  for (const name of Object.keys(pages)) {
    const byZoom = Object.values(times[name]).map(median);
    say(`${name}: frame ms far, halfway, near: ${byZoom.map((ms) => ms.toFixed(1)).join(", ")}`);
    figures[`frame_ms_${name}`] = byZoom.reduce((sum, ms) => sum + ms) / byZoom.length;
  }
  figures.frame_ratio_100k = figures.frame_ms_100k / figures.frame_ms_1k;
  figures.frame_ratio_1m = figures.frame_ms_1m / figures.frame_ms_1k;
  await context.close();
}

// ---- loading a million ----------------------------------------------------------------------------------------------------------------------

/** The file is held back until the page has settled, so that only the loading of the outlines is watched. */
async function measureLoad() {
  const context = await visitor(given.cookies[0]);
  const page = await context.newPage();
  let release = () => undefined;
  const held = new Promise((resolve) => {
    release = resolve;
  });
  await context.route("**/annotations.bin*", async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(`${given.url}/s/${given.slides["1m"]}`);
  await page.locator(".coslide-map canvas").first().waitFor();
  await page.waitForTimeout(SETTLED_MS);
  const began = await page.evaluate(() => performance.now());
  release();
  await outlinesLoaded(page, given.counts["1m"]);
  const ended = await page.evaluate(() => new Promise((go) => requestAnimationFrame(() => go(performance.now()))));
  await page.waitForTimeout(1000);
  const tasks = await page.evaluate(() => window.longTasks);
  const during = tasks.filter(({ startTime }) => startTime >= began).map(({ duration }) => duration);
  figures.load_ms_1m = ended - began;
  // What is not listed took less than 50 ms.
  figures.main_thread_block_ms_1m = Math.max(0, ...during);
  say(`load: ${figures.load_ms_1m.toFixed(0)} ms; tasks over 50 ms: ${during.map((ms) => ms.toFixed(0)).join(", ") || "none"}`);
  await context.close();
}

// ---- the brush ------------------------------------------------------------------------------------------------------------------------------

/** In the page: brushes along the outline; answers how long the main thread worked for each move, drawing included. */
async function brushMoves({ moves, radius }) {
  const target = document.querySelector(".coslide-map .ol-viewport");
  const box = target.getBoundingClientRect();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const at = (i) => [x + radius * Math.cos(i / 60), y + radius * Math.sin(i / 60)];
  const send = (type, i, to) => {
    const [clientX, clientY] = at(i);
    to.dispatchEvent(
      new PointerEvent(type, {
        ...{ clientX, clientY, pointerId: 1, pointerType: "mouse", isPrimary: true, bubbles: true },
        ...{ button: type === "pointermove" ? -1 : 0, buttons: type === "pointerup" ? 0 : 1 },
      }),
    );
  };
  let worked = 0;
  const original = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (callback) =>
    original((time) => {
      const began = performance.now();
      callback(time);
      worked += performance.now() - began;
    });
  const timed = (work) => {
    const began = performance.now();
    work();
    worked += performance.now() - began;
  };
  const frame = () => new Promise((resolve) => original(() => setTimeout(resolve)));
  const times = [];
  send("pointerdown", 0, target);
  await frame();
  for (let i = 1; i <= moves; i++) {
    worked = 0;
    timed(() => send("pointermove", i, document));
    await frame();
    await frame();
    times.push(worked);
  }
  send("pointerup", moves, document);
  window.requestAnimationFrame = original;
  return times;
}

async function measureBrush() {
  const context = await visitor(given.cookies[0]);
  const page = await context.newPage();
  await page.goto(`${given.url}/s/${given.slides.brush}?x=${given.middle}&y=${given.middle}&d=1.5`);
  await page.getByRole("grid").getByRole("row").first().click();
  await page.waitForTimeout(SETTLED_MS);
  await page.locator('[data-testid="viewer"]').focus();
  await page.keyboard.press("b");
  const radius = await page.evaluate(() => {
    const target = document.querySelector(".coslide-map .ol-viewport").getBoundingClientRect();
    return Math.min(target.width, target.height) * 0.26;
  });
  // The first stroke warms the code up, as the first seconds of work do.
  await page.evaluate(brushMoves, { moves: 40, radius });
  await page.waitForTimeout(1000);
  const times = await page.evaluate(brushMoves, { moves: 240, radius });
  figures.brush_p95_ms = percentile(times, 95);
  say(`brush: p50 ${median(times).toFixed(1)}, p95 ${figures.brush_p95_ms.toFixed(1)} ms of ${times.length} moves`);
  await context.close();
}

// ---- two people -----------------------------------------------------------------------------------------------------------------------------

async function measureTogether() {
  const [ann, ben] = await Promise.all(given.cookies.map(visitor));
  const [drawing, watching] = [await openSlide(ann, "together"), await openSlide(ben, "together")];
  await drawing.waitForTimeout(SETTLED_MS);
  await watching.evaluate(() => {
    window.seenAt = new Map();
    const look = () => {
      const count = document.querySelector('[role="grid"]')?.getAttribute("aria-rowcount");
      if (count !== null && count !== undefined && !window.seenAt.has(Number(count)))
        requestAnimationFrame(() => window.seenAt.set(Number(count), performance.timeOrigin + performance.now()));
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
  });
  await drawing.evaluate(() => {
    window.drawnAt = [];
    document.addEventListener("pointerup", () => window.drawnAt.push(performance.timeOrigin + performance.now()), true);
  });
  await drawing.locator('[data-testid="viewer"]').focus();
  await drawing.keyboard.press("r");
  const box = await drawing.locator('[data-testid="viewer"]').boundingBox();
  for (let i = 0; i < EDITS; i++) {
    const [x, y] = [box.x + 60 + (i % 10) * 60, box.y + 60 + Math.floor(i / 10) * 100];
    await drawing.mouse.move(x, y);
    await drawing.mouse.down();
    await drawing.mouse.move(x + 30, y + 30, { steps: 3 });
    await drawing.mouse.up();
    await watching.waitForFunction((count) => window.seenAt.has(count), i + 1);
    await drawing.waitForTimeout(150);
  }
  const drawn = await drawing.evaluate(() => window.drawnAt);
  const seen = await watching.evaluate(() => [...window.seenAt]);
  const delays = seen.filter(([count]) => count > 0).map(([count, at]) => at - drawn[count - 1]);
  figures.edit_visible_to_other_p95_ms = percentile(delays, 95);
  say(`together: p50 ${median(delays).toFixed(0)}, p95 ${figures.edit_visible_to_other_p95_ms.toFixed(0)} ms`);
  await ann.close();
  await ben.close();
}

// ---- script ---------------------------------------------------------------------------------------------------------------------------------

/** Kilobytes of script, gzipped, that a page loads before it can be used. */
async function scriptOf(cookie, path, ready) {
  const context = cookie === null ? await browser.newContext({ locale: "en-US" }) : await visitor(cookie);
  const page = await context.newPage();
  const bodies = [];
  // What the page fetches afterwards, in idle moments, is not waited for.
  let isReady = false;
  page.on("response", (response) => {
    if (!isReady && /\.js(\?|$)/.test(response.url())) bodies.push(response.body());
  });
  await page.goto(`${given.url}${path}`);
  await ready(page);
  isReady = true;
  const sizes = (await Promise.all(bodies)).map((body) => gzipSync(body, { level: 9 }).length);
  await context.close();
  return sizes.reduce((sum, size) => sum + size, 0) / 1000;
}

async function measureScript() {
  figures.js_kb_gz = await scriptOf(null, "/sign-in", (page) => page.locator("form").waitFor());
  figures.js_kb_gz_slide = await scriptOf(given.cookies[0], `/s/${given.slides["1k"]}`, (page) =>
    page.locator(".coslide-map canvas").first().waitFor(),
  );
  say(`script: sign-in ${figures.js_kb_gz.toFixed(0)} kB, slide ${figures.js_kb_gz_slide.toFixed(0)} kB`);
}

function median(values) {
  return percentile(values, 50);
}

function percentile(values, percent) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil((percent / 100) * sorted.length) - 1)];
}

if (wants("script")) await measureScript();
if (wants("together")) await measureTogether();
if (wants("brush")) await measureBrush();
if (wants("load")) await measureLoad();
if (wants("frames")) await measureFrames();
await server.kill();
const rounded = Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Math.round(value * 100) / 100]));
process.stdout.write(`${JSON.stringify(rounded)}\n`, () => process.exit(0));
