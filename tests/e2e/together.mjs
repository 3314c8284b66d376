// One presents and the other goes along; then the project is made blind while both look on, and opened again.
import { ask, checkAccess, given, openSlide, person, project, seen, shot, tell, until } from "./browser.mjs";

const COUNT = "query($id: ID!) { slide(id: $id) { annotationCount } }";

/** What is in the middle of the view, in level-0 pixels, from the status bar while the pointer is elsewhere. */
async function middle(page) {
  await page.mouse.move(700, 20);
  const [x, y] = await page.locator("footer b").allTextContents();
  return [x, y].map((figure) => Number(figure.replaceAll(",", "")));
}

const close = ([ax, ay], [bx, by]) => Math.hypot(ax - bx, ay - by) < 25;

async function drag(page, [fromX, fromY], [toX, toY]) {
  await page.mouse.move(fromX, fromY);
  await page.mouse.down();
  await page.mouse.move(toX, toY, { steps: 6 });
  await page.mouse.up();
}

async function rectangle(page, x, y) {
  await page.keyboard.press("r");
  await drag(page, [x, y], [x + 120, y + 100]);
}

await tell(async () => {
  const ann = await person("Ann");
  const cho = await person("초", { locale: "ko-KR", theme: "light" });
  const owner = await person("Owner");
  const { projectId, slideId } = await project(owner, { members: { Ann: "ANNOTATOR", 초: "ANNOTATOR" } });
  await openSlide(ann, slideId);
  await openSlide(cho, slideId);
  await ann.getByRole("button", { name: "Follow 초" }).waitFor();

  // 1. Ann presents; Cho goes along without a press, and looks around by her own hand.
  const present = ann.getByRole("button", { name: "Present", exact: true });
  await present.click();
  await ann.getByText("You present: everyone here follows your view").waitFor();
  await cho.getByText("Ann 님의 발표를 따라가는 중").waitFor();
  await ann.keyboard.press("v");
  await ann.mouse.move(720, 450);
  await ann.mouse.wheel(0, -600);
  await until("Cho to go along", async () => close(await middle(ann), await middle(cho)));
  const together = await middle(cho);
  await shot(ann, "presenting");
  await shot(cho, "going-along-ko-light");
  await checkAccess(ann, "presenting");
  await checkAccess(cho, "going along, Korean, light");
  seen.mayPresentToo = await cho.getByRole("button", { name: "발표", exact: true }).getAttribute("aria-disabled");
  await drag(cho, [700, 450], [400, 300]);
  await cho.getByText("Ann 님이 발표 중입니다").waitFor();
  await until("Cho to be elsewhere", async () => !close(await middle(cho), together));
  seen.stillPresenting = await present.getAttribute("aria-pressed");
  await shot(cho, "looking-around");

  // 2. She finds back by a press, and is free when it is over.
  await cho.getByRole("button", { name: "따라가기", exact: true }).click();
  await until("Cho to be back", async () => close(await middle(ann), await middle(cho)));
  await ann.getByRole("status").getByRole("button", { name: "Stop presenting" }).click();
  await cho.getByText("Ann 님의 발표를 따라가는 중").waitFor({ state: "detached" });
  seen.following = await cho.getByText("따라가는 중").count();

  // 3. Both draw and see each other's; then the owner makes the project blind in its settings.
  await rectangle(ann, 520, 400);
  await rectangle(cho, 760, 420);
  for (const page of [ann, cho]) await page.getByRole("grid").getByRole("row").nth(1).waitFor();
  await owner.goto(`${given.url}/`);
  await owner.getByRole("button", { name: "Actions for project Colon study" }).click();
  await owner.getByRole("menuitem", { name: "Project settings" }).click();
  await owner.getByRole("switch", { name: /^Blind reading/ }).locator("xpath=..").click();
  await shot(owner, "settings");
  await checkAccess(owner, "project settings");
  await owner.getByRole("button", { name: "Save" }).click();
  const rows = (page) => page.getByRole("grid").getByRole("row").count();
  for (const page of [ann, cho]) await until("one's own outline alone", async () => (await rows(page)) === 1);
  await ann.getByText("Blind", { exact: true }).waitFor();
  await cho.getByText("블라인드", { exact: true }).waitFor();
  seen.counts = [];
  for (const page of [ann, cho, owner]) seen.counts.push((await ask(page, COUNT, { id: slideId })).slide.annotationCount);
  seen.presentsWhenBlind = await ann.getByRole("button", { name: "Present", exact: true }).count();
  await ann.getByText("Blind", { exact: true }).hover();
  await shot(ann, "blind");
  await shot(cho, "blind-ko-light");
  await checkAccess(ann, "blind");
  await checkAccess(cho, "blind, Korean, light");

  // 4. What one draws now the other does not get; who is here is still told.
  await rectangle(ann, 520, 560);
  await until("Ann's second", async () => (await rows(ann)) === 2);
  await until("the owner's count", async () => (await ask(owner, COUNT, { id: slideId })).slide.annotationCount === 3);
  seen.chosRows = await rows(cho);
  seen.annIsHere = await cho.getByRole("button", { name: "Ann 따라가기" }).count();

  // 5. Opened again, everything is there.
  const open = "mutation($input: UpdateProjectInput!) { updateProject(input: $input) { __typename } }";
  await ask(owner, open, { input: { id: projectId, blind: false } });
  for (const page of [ann, cho]) await until("all outlines", async () => (await rows(page)) === 3);
  await ann.getByText("Blind", { exact: true }).waitFor({ state: "detached" });
});
