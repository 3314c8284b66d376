// Strokes of brush and eraser by a real pointer. Prints one JSON line with what the server held after each; fails with a message.
//
// node brush.mjs '{"url", "chromium", "web", "slide", "cookie"}'
import { createRequire } from "node:module";
import { join } from "node:path";

const given = JSON.parse(process.argv[2]);
const { chromium } = createRequire(join(given.web, "package.json"))("playwright-core");

const seen = { pageErrors: [] };
const args = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
const browser = await chromium.launch({ executablePath: given.chromium, args });
const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "en-US" });
context.setDefaultTimeout(60_000);
await context.addCookies([{ name: "coslide", value: given.cookie, url: given.url }]);
const page = await context.newPage();
page.on("pageerror", (error) => seen.pageErrors.push(error.message));
// One level-0 pixel is one pixel of the screen.
await page.goto(`${given.url}/s/${given.slide}?x=512&y=512&d=1`);
const viewer = page.locator('[data-testid="viewer"]');
await page.locator(".coslide-map canvas").first().waitFor();
await page.getByRole("button", { name: "Brush", exact: true }).waitFor();
const box = await viewer.boundingBox();
const [middleX, middleY] = [box.x + box.width / 2, box.y + box.height / 2];

async function annotations() {
  const query = "query($id: ID!) { annotations(slideId: $id) { nodes { id kind areaPx version } } }";
  const answer = await page.request.post(`${given.url}/graphql`, {
    data: { query, variables: { id: given.slide } },
    headers: { origin: given.url },
  });
  const { data, errors } = await answer.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data.annotations.nodes;
}

/** The annotation that is there once `test` holds of one. */
async function held(what, test) {
  for (const end = Date.now() + 30_000; Date.now() < end; await page.waitForTimeout(100)) {
    const found = (await annotations()).find(test);
    if (found !== undefined) return found;
  }
  throw new Error(`waited in vain for: ${what}; there is ${JSON.stringify(await annotations())}`);
}

async function stroke([fromX, fromY], [toX, toY]) {
  await page.mouse.move(middleX + fromX, middleY + fromY);
  await page.mouse.down();
  await page.mouse.move(middleX + toX, middleY + toY, { steps: 20 });
  await page.mouse.up();
}

await viewer.focus();
await page.keyboard.press("b");
await stroke([-100, 0], [100, 0]);
seen.brushed = await held("an area", () => true);

await stroke([0, -100], [0, 100]);
seen.added = await held("the same area, grown", ({ id, version }) => id === seen.brushed.id && version === 2);

await page.keyboard.press("x");
await stroke([0, -100], [0, 100]);
seen.erased = await held("the area split", ({ version }) => version === 3);

await page.keyboard.press("Control+z");
seen.undone = await held("the area whole again", ({ version }) => version === 4);

await page.keyboard.press("v");
await page.mouse.click(middleX + 300, middleY + 150);
await page.keyboard.press("x");
await stroke([-100, 200], [100, 200]);
await page.keyboard.press("b");
await page.keyboard.press("[");
await stroke([-100, 250], [100, 250]);
seen.narrow = await held("a second area", ({ id }) => id !== seen.brushed.id);
seen.inTheEnd = await annotations();

await browser.close();
process.stdout.write(`${JSON.stringify(seen)}\n`);
