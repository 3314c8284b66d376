// Two people, one slide: the whole story in a real browser. Prints one JSON line with what it saw; fails with a message.
//
// node story.mjs '{"url", "chromium", "web", "slide", "broken", "tissue", "shots"}'
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, join } from "node:path";

const given = JSON.parse(process.argv[2]);
const { chromium } = createRequire(join(given.web, "package.json"))("playwright-core");
const { seriousViolations } = await import(join(given.web, "e2e", "axe.mjs"));

const FLAGS = [
  ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];
const seen = { axe: [], consoleErrors: [] };
await mkdir(given.shots, { recursive: true });
const browser = await chromium.launch({ executablePath: given.chromium, args: FLAGS });

async function person(name, locale) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  page.on("pageerror", (error) => seen.consoleErrors.push(`${name}: ${error.message}`));
  return page;
}

async function shot(page, name) {
  await page.screenshot({ path: join(given.shots, `${name}.png`) });
}

async function checkAccess(page, what) {
  for (const violation of await seriousViolations(page)) seen.axe.push(`${what}: ${violation}`);
}

async function ask(page, query, variables = {}) {
  const answer = await page.request.post(`${given.url}/graphql`, {
    data: { query, variables },
    headers: { origin: given.url },
  });
  const { data, errors } = await answer.json();
  if (errors) throw new Error(`${query}: ${JSON.stringify(errors)}`);
  return data;
}

/** Waits until `probe` gives something true, asking every 100 ms. */
async function until(what, probe, seconds = 30) {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    const value = await probe();
    if (value) return value;
    await new Promise((go) => setTimeout(go, 100));
  }
  throw new Error(`waited ${seconds} s in vain for: ${what}`);
}

async function annotations(page, slideId) {
  const query = "query($id: ID!) { annotations(slideId: $id) { nodes { id kind areaPx version createdBy { name } } } }";
  return (await ask(page, query, { id: slideId })).annotations.nodes;
}

const ann = await person("Ann", "en-US");
const ben = await person("Ben", "ko-KR");

// 1. Both register; one reads English, the other Korean.
await ann.goto(`${given.url}/sign-in`);
await ann.getByRole("button", { name: "Create account" }).click();
await ann.getByLabel("E-mail").fill("ann@example.org");
await ann.getByLabel("Name").fill("Ann");
await ann.getByLabel("Password", { exact: true }).fill("short");
await ann.locator("form").getByRole("button", { name: "Create account" }).click();
await ann.getByText("Use at least 8 characters").waitFor();
await shot(ann, "register-refused");
await checkAccess(ann, "register");
await ann.getByLabel("Password", { exact: true }).fill("three brown foxes jump");
await ann.locator("form").getByRole("button", { name: "Create account" }).click();
await ann.getByText("Start with a project").waitFor();

await ben.goto(`${given.url}/sign-in`);
await ben.getByRole("button", { name: "계정 만들기" }).click();
await ben.getByLabel("이메일").fill("ben@example.org");
await ben.getByLabel("이름").fill("벤");
await ben.getByLabel("비밀번호", { exact: true }).fill("세 마리 갈색 여우가 뛴다");
await shot(ben, "register-ko");
await ben.locator("form").getByRole("button", { name: "계정 만들기" }).click();
await ben.waitForURL(`${given.url}/`);
for (const page of [ann, ben]) await ask(page, "mutation { updateMe(input: { toured: true }) { __typename } }");

// 2. Ann makes a project, uploads a slide, and is told why a broken file is none.
await ann.getByRole("button", { name: "New project" }).first().click();
await ann.getByLabel("Name").fill("Colon study");
await ann.getByRole("button", { name: "Create", exact: true }).click();
await ann.waitForURL(/\/p\//);
const projectId = ann.url().split("/p/")[1];
await ann.locator('input[type="file"]').first().setInputFiles([given.slide, given.broken, given.tissue]);
await ann.getByText("Refused").first().waitFor();
const slideName = basename(given.slide).replace(/\.[^.]+$/, "");
const tissueName = basename(given.tissue).replace(/\.[^.]+$/, "");
await ann.getByRole("link", { name: `Open slide ${slideName}` }).waitFor();
await ann.getByRole("link", { name: `Open slide ${tissueName}` }).waitFor();
await shot(ann, "grid");
await checkAccess(ann, "grid");
const listed = await ask(ann, "query($id: ID!) { slides(projectId: $id) { nodes { id name mppX } } }", { id: projectId });
seen.slides = listed.slides.nodes.map((slide) => slide.name).sort();
const slideId = listed.slides.nodes.find((slide) => slide.name === slideName).id;
const tissueId = listed.slides.nodes.find((slide) => slide.name === tissueName).id;

// 3. Ben is let in as an annotator; before that he sees nothing.
await ben.goto(`${given.url}/s/${slideId}`);
await ben.getByText("이 슬라이드는 없거나").or(ben.getByText("볼 수 없")).first().waitFor();
await ann.getByRole("button", { name: /^Members/ }).click();
await ann.getByLabel("E-mail of the person").fill("ben@example.org");
await ann.getByRole("dialog").getByRole("button", { name: "Add" }).click();
await ann.getByText("벤").first().waitFor();
await shot(ann, "members");
await ann.keyboard.press("Escape");

// 4. Both open the slide and see each other.
await ann.goto(`${given.url}/s/${slideId}`);
await ben.goto(`${given.url}/s/${slideId}`);
const canvas = (page) => page.locator("main canvas").first();
await canvas(ann).waitFor();
await canvas(ben).waitFor();
await ann.getByRole("button", { name: "Follow 벤" }).waitFor();
await ben.getByRole("button", { name: /Ann/ }).first().waitFor();
await checkAccess(ann, "viewer");

// 5. Ann draws a polygon; Ben sees it without reloading.
const at = (x, y) => [560 + x, 300 + y];
await ann.mouse.click(...at(300, 300));
await ann.keyboard.press("p");
for (const [x, y] of [[0, 0], [160, 10], [170, 150], [20, 170]]) await ann.mouse.click(...at(x, y));
await ann.keyboard.press("Enter");
const [drawn] = await until("the polygon on the server", async () => {
  const all = await annotations(ann, slideId);
  return all.length === 1 && all;
});
seen.drawn = drawn;
await ben.getByRole("tabpanel").getByRole("row").first().waitFor();
await ben.mouse.move(...at(90, 80));
await ann.waitForTimeout(300);
await shot(ann, "viewer-two-people");
await shot(ben, "viewer-ko");

// 6. Ben deletes it, Ann sees that; Ben undoes it.
await ben.getByRole("tabpanel").getByRole("row").first().click();
await ben.keyboard.press("Delete");
await until("Ben's deletion on the server", async () => (await annotations(ben, slideId)).length === 0);
await until("Ann's list to be empty", async () => (await ann.getByRole("row").count()) === 0);
await ben.keyboard.press("Control+z");
const [back] = await until("the undo on the server", async () => {
  const all = await annotations(ben, slideId);
  return all.length === 1 && all;
});
seen.restored = { id: back.id, areaPx: back.areaPx };
await ann.getByRole("row").first().waitFor();

// 7. Predict on tissue with known cancer: progress for both, then the overlay.
await ann.goto(`${given.url}/s/${tissueId}`);
await ben.goto(`${given.url}/s/${tissueId}`);
await canvas(ann).waitFor();
await canvas(ben).waitFor();
await ben.getByRole("tab", { name: "AI" }).click();
await ann.getByRole("button", { name: "Follow 벤" }).waitFor();
await ann.getByRole("button", { name: "Predict", exact: true }).click();
const bar = ann.getByRole("progressbar");
await bar.first().waitFor();
seen.progressSeen = true;
await shot(ann, "predicting");
const finished = await until(
  "the prediction to end",
  async () => {
    const query = "query($id: ID!) { predictions(slideId: $id) { nodes { id status cancerMm2 unsureMm2 tissueMm2 polygons error } } }";
    const [newest] = (await ask(ann, query, { id: tissueId })).predictions.nodes;
    return newest && !["QUEUED", "RUNNING"].includes(newest.status) && newest;
  },
  120,
);
seen.prediction = finished;
await ann.getByText("Result", { exact: true }).first().waitFor();
await ben.getByText(/mm²/).first().waitFor();
await ann.waitForTimeout(1500);
await shot(ann, "predicted");
await shot(ben, "predicted-ko");
await checkAccess(ann, "predicted");

// 8. The polygons are downloaded.
const download = ann.waitForEvent("download");
await ann.getByRole("button", { name: "Slide actions" }).click();
await ann.getByRole("menuitem", { name: "GeoJSON (QuPath)" }).click();
const saved = join(given.shots, "export.geojson");
await (await download).saveAs(saved);
seen.export = saved;

// 9. Ann changes the language and the theme; the page follows.
await ann.getByRole("button", { name: "한국어" }).click();
await ann.getByRole("button", { name: "예측", exact: true }).waitFor();
await shot(ann, "predicted-ann-ko");

await browser.close();
console.log(JSON.stringify(seen));
