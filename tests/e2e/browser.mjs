// What the browser stories share: one Chromium, people with pages of their own, the server asked directly, screenshots and axe.
//
// node STORY.mjs '{"url", "chromium", "web", "shots", …}'; a story prints what it saw as one JSON line, which its Python test judges.
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

const FLAGS = [
  ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];

/** What the test handed over. */
export const given = JSON.parse(process.argv[2]);
const { chromium } = createRequire(join(given.web, "package.json"))("playwright-core");
const { seriousViolations } = await import(join(given.web, "e2e", "axe.mjs"));

/** What the story saw; everyone adds to it. */
export const seen = { axe: [], pageErrors: [] };

await mkdir(given.shots, { recursive: true });
const browser = await chromium.launch({ executablePath: given.chromium, args: FLAGS });

/**
 * A page of somebody's own, with an account of that name; a second page of the same person signs in to it.
 *
 * @param {string} name
 * @param {{locale?: string, theme?: "dark" | "light", account?: boolean, tour?: boolean}} [options] `tour`: as one who has not seen it.
 */
export async function person(name, { locale = "en-US", theme = "dark", account = true, tour = false } = {}) {
  const viewport = { width: 1440, height: 900 };
  const context = await browser.newContext({ viewport, locale, acceptDownloads: true });
  context.setDefaultTimeout(20_000);
  const settings = { "mantine-color-scheme-value": theme };
  await context.addInitScript((values) => {
    for (const [key, value] of Object.entries(values)) if (!localStorage.getItem(key)) localStorage.setItem(key, value);
  }, settings);
  const page = await context.newPage();
  if (account) await signIn(page, name, locale.slice(0, 2), !tour);
  page.on("pageerror", (error) => seen.pageErrors.push(`${name}: ${error.message}`));
  return page;
}

/** A page of somebody whose session exists already: `cookie` is its value. */
export async function signedIn(name, cookie, options = {}) {
  const page = await person(name, { ...options, account: false });
  await page.context().addCookies([{ name: "coslide", value: cookie, url: given.url }]);
  return page;
}

/** The same in a browser with a profile of its own, which other programs reach by its debugging port; end it with `close`. */
export async function persistentPerson(name, flags) {
  const folder = await mkdtemp(join(tmpdir(), "coslide-profile-"));
  const options = { executablePath: given.chromium, args: [...FLAGS, ...flags] };
  const context = await chromium.launchPersistentContext(folder, options);
  const [page] = context.pages();
  await signIn(page, name, "en", true);
  const close = async () => {
    await context.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { page, close };
}

async function signIn(page, name, locale, toured) {
  const body = { data: { email: emailOf(name), name, password: "three brown foxes jump" }, headers: { origin: given.url } };
  const registered = await page.request.post(`${given.url}/auth/register`, body);
  const answer = registered.ok() ? registered : await page.request.post(`${given.url}/auth/login`, body);
  if (!answer.ok()) throw new Error(`${name} could not sign in: ${await answer.text()}`);
  await ask(page, "mutation($input: UpdateMeInput!) { updateMe(input: $input) { __typename } }", { input: { locale, toured } });
}

/** The address of a person's account. */
export const emailOf = (name) => `${Buffer.from(name).toString("hex")}@example.org`;

/** A project of the page's person with the terms of every new project, members by name, and a slide in it; answers their ids. */
export async function project(page, { name = "Colon study", slide = given.slide, members = {} } = {}) {
  const made = "mutation($input: CreateProjectInput!) { createProject(input: $input) { ... on Project { id } } }";
  const { id: projectId } = (await ask(page, made, { input: { name } })).createProject;
  const add = "mutation($input: AddMemberInput!) { addMember(input: $input) { __typename } }";
  for (const [member, role] of Object.entries(members))
    await ask(page, add, { input: { projectId, email: emailOf(member), role } });
  return { projectId, slideId: slide ? await upload(page, projectId, slide) : null };
}

/** Sends a slide file by tus in one piece; answers the slide's id once it is checked. */
export async function upload(page, projectId, path) {
  const bytes = await readFile(path);
  const base64 = (text) => Buffer.from(text).toString("base64");
  const headers = { "Tus-Resumable": "1.0.0", origin: given.url };
  const metadata = `filename ${base64(basename(path))},projectId ${base64(projectId)}`;
  const creation = { ...headers, "Upload-Length": String(bytes.length), "Upload-Metadata": metadata };
  const made = await page.request.post(`${given.url}/uploads`, { headers: creation });
  const at = new URL(made.headers().location, given.url).href;
  const type = "application/offset+octet-stream";
  const sent = await page.request.patch(at, { headers: { ...headers, "Upload-Offset": "0", "Content-Type": type }, data: bytes });
  if (!sent.ok()) throw new Error(`${basename(path)} was refused: ${await sent.text()}`);
  const query = "query($id: ID!) { uploads(projectId: $id) { id slide { id } } slides(projectId: $id) { nodes { id filename } } }";
  return until(`${basename(path)} to be a slide`, async () => {
    const { slides } = await ask(page, query, { id: projectId });
    return slides.nodes.find(({ filename }) => filename === basename(path))?.id;
  });
}

/** Answers a GraphQL operation as the page's person. */
export async function ask(page, query, variables = {}) {
  const answer = await page.request.post(`${given.url}/graphql`, {
    data: { query, variables },
    headers: { origin: given.url },
  });
  const { data, errors } = await answer.json();
  if (errors) throw new Error(`${query}: ${JSON.stringify(errors)}`);
  return data;
}

/** Waits until `probe` gives something true, asking every 100 ms. */
export async function until(what, probe, seconds = 20) {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    const value = await probe();
    if (value) return value;
    await new Promise((go) => setTimeout(go, 100));
  }
  throw new Error(`waited ${seconds} s in vain for: ${what}`);
}

export async function shot(page, name) {
  await page.screenshot({ path: join(given.shots, `${name}.png`) });
}

/** Notes what axe finds serious on the page as it stands. */
export async function checkAccess(page, what) {
  for (const violation of await seriousViolations(page)) seen.axe.push(`${what}: ${violation}`);
}

/** Opens a slide and waits until it is live. */
export async function openSlide(page, slideId) {
  await page.goto(`${given.url}/s/${slideId}`);
  await page.locator("main canvas").first().waitFor();
  await page.getByRole("tabpanel").waitFor();
}

/** Opens a slide with one level-0 pixel a pixel of the screen, (x, y) in the middle; answers where on the screen a place of the slide is. */
export async function openAt(page, slideId, [x, y]) {
  await page.goto(`${given.url}/s/${slideId}?x=${x}&y=${y}&d=1`);
  await page.locator(".coslide-map canvas").first().waitFor();
  await page.getByRole("tabpanel").waitFor();
  const viewer = page.locator('[data-testid="viewer"]');
  await viewer.focus();
  const box = await viewer.boundingBox();
  const [left, top] = [box.x + box.width / 2 - x, box.y + box.height / 2 - y];
  return ([placeX, placeY]) => [left + placeX, top + placeY];
}

/** A press, a way through places of the screen, a release. */
export async function drag(page, [first, ...rest], { steps = 6 } = {}) {
  await page.mouse.move(...first);
  await page.mouse.down();
  for (const place of rest) await page.mouse.move(...place, { steps });
  await page.mouse.up();
}

/** What the server holds of a slide, in the order of creation. */
export async function annotationsOf(page, slideId) {
  const fields = "id kind areaPx lengthPx bounds version termId note locked attributes geometry createdAt";
  const { annotations } = await ask(page, `query($id: ID!) { annotations(slideId: $id) { nodes { ${fields} } } }`, { id: slideId });
  return annotations.nodes.sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
}

/** Runs a story to its end; a page that was open when it broke is kept as a picture. */
export async function tell(story) {
  try {
    await story();
  } catch (error) {
    for (const [index, context] of browser.contexts().entries())
      for (const page of context.pages()) await shot(page, `broken-${index}`).catch(() => undefined);
    throw error;
  } finally {
    await browser.close();
  }
  console.log(JSON.stringify(seen));
}
