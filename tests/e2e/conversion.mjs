// A slide of JPEG 2000 is converted while it is open, then its file gives way to the pyramid: what managers choose, what everyone sees.
import { ask, checkAccess, given, openSlide, person, project, seen, shot, tell, until, upload } from "./browser.mjs";

const FACTS = `query($id: ID!) { slide(id: $id) {
  sha256 vendor passesThrough pyramidBytes annotationCount associatedImages { name }
  fileJob { kind status progress error { code } }
} }`;

await tell(async () => {
  const owner = await person("Ann");
  const { projectId, slideId } = await project(owner);
  const labelled = await upload(owner, projectId, given.labelled);
  const facts = async (id = slideId) => (await ask(owner, FACTS, { id })).slide;
  const over = (id) => until("the job's end", async () => ["DONE", "FAILED"].includes((await facts(id)).fileJob?.status), 60);
  seen.before = await facts();

  await owner.goto(`${given.url}/p/${projectId}`);
  const menuOf = (page, name) => page.getByRole("button", { name: new RegExp(name) }).first();
  await menuOf(owner, "slide decoded").click();
  await owner.getByRole("menuitem", { name: "Convert for quick viewing" }).waitFor();
  await owner.waitForTimeout(350);
  await shot(owner, "menu");
  await owner.getByRole("menuitem", { name: "Convert for quick viewing" }).click();
  await over(slideId);
  seen.converted = await facts();

  await openSlide(owner, slideId);
  await owner.getByRole("navigation").nth(1).getByRole("button", { name: "About the slide" }).click();
  await owner.getByText(/^Converted, /).waitFor();
  seen.tile = (await owner.request.get(`${given.url}/slides/${slideId}/tiles/0/1_1.jpg`)).status();
  await owner.waitForTimeout(500);
  await shot(owner, "about");

  for (const [locale, theme] of [
    ["en-US", "dark"],
    ["ko-KR", "light"],
  ]) {
    const page = await person("Ann", { locale, theme });
    await page.goto(`${given.url}/p/${projectId}`);
    await menuOf(page, "CMU").click();
    await page.getByRole("menuitem").nth(2).click();
    await page.getByRole("dialog").waitFor();
    await page.getByRole("checkbox").check();
    await page.getByRole("radio").nth(1).check();
    await page.waitForTimeout(350);
    await checkAccess(page, `privacy ${locale} ${theme}`);
    await shot(page, `privacy-${locale.slice(0, 2)}`);
    if (locale === "en-US") continue;
    await page.getByRole("dialog").getByRole("button", { name: "지우기" }).click();
    await over(labelled);
    await page.waitForTimeout(2500);
    await shot(page, "done");
  }
  seen.kept = await facts(labelled);
});
