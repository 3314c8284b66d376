// A slide with a colour profile, opened in a real browser. Prints one JSON line: what was fetched, and the colour in the middle of the screen.
//
// node colours.mjs '{"url", "chromium", "web", "slide", "shot"}'
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

const given = JSON.parse(process.argv[2]);
const { chromium } = createRequire(join(given.web, "package.json"))("playwright-core");
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--force-color-profile=srgb"];
const browser = await chromium.launch({ executablePath: given.chromium, args: FLAGS });
const page = await (await browser.newContext({ viewport: { width: 1200, height: 800 } })).newPage();
page.setDefaultTimeout(30_000);
const headers = { origin: given.url };

async function ask(query, variables = {}) {
  const answer = await page.request.post(`${given.url}/graphql`, { data: { query, variables }, headers });
  const { data, errors } = await answer.json();
  if (errors) throw new Error(`${query}: ${JSON.stringify(errors)}`);
  return data;
}

const person = { email: "colours@example.org", name: "Colours", password: "a long enough password" };
const registered = await page.request.post(`${given.url}/auth/register`, { data: person, headers });
if (!registered.ok()) throw new Error(`register: ${registered.status()} ${await registered.text()}`);
await ask("mutation { updateMe(input: { toured: true }) { __typename } }");
const made = await ask('mutation { createProject(input: { name: "Colours" }) { ... on Project { id } } }');
const bytes = await readFile(given.slide);
const coded = (text) => Buffer.from(text).toString("base64");
const upload = await page.request.post(`${given.url}/uploads`, {
  headers: {
    ...headers,
    "tus-resumable": "1.0.0",
    "upload-length": String(bytes.length),
    "upload-metadata": `filename ${coded("colours.tiff")},projectId ${coded(made.createProject.id)}`,
  },
});
const sent = await page.request.patch(new URL(upload.headers().location, given.url).href, {
  headers: {
    ...headers,
    "tus-resumable": "1.0.0",
    "upload-offset": "0",
    "content-type": "application/offset+octet-stream",
  },
  data: bytes,
});
if (!sent.ok()) throw new Error(`upload: ${sent.status()} ${await sent.text()}`);
const { slides } = await ask("query ($id: ID!) { slides(projectId: $id) { nodes { id } } }", {
  id: made.createProject.id,
});

let profiles = 0;
let tiles = 0;
page.on("request", (request) => {
  const { pathname } = new URL(request.url());
  if (pathname.endsWith("/icc")) profiles += 1;
  if (pathname.includes("/tiles/")) tiles += 1;
});
await page.goto(`${given.url}/s/${slides.nodes[0].id}`);
const canvas = page.locator(".coslide-tiles canvas, canvas.coslide-tiles").first();
await canvas.waitFor();
/** The colour at a canvas's middle once tiles are drawn there, opaque. */
const pixel = await page.waitForFunction(() => {
  const drawn = document.querySelector(".coslide-tiles canvas, canvas.coslide-tiles");
  const data = drawn?.getContext("2d")?.getImageData(drawn.width >> 1, drawn.height >> 1, 1, 1).data;
  return data && data[3] === 255 ? [...data.subarray(0, 3)] : null;
});
await page.screenshot({ path: given.shot });
process.stdout.write(`${JSON.stringify({ pixel: await pixel.jsonValue(), profiles, tiles })}\n`);
await browser.close();
