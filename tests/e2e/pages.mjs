// Every page and dialog in both languages and both themes: axe finds nothing serious. Then a round by keyboard alone.
import { ask, checkAccess, given, openSlide, person, project, seen, shot, tell, until } from "./browser.mjs";

const LOOKS = [
  { locale: "en-US", theme: "dark" },
  { locale: "en-US", theme: "light" },
  { locale: "ko-KR", theme: "dark" },
  { locale: "ko-KR", theme: "light" },
];
const WORDS = {
  en: { register: "Create account", members: /^Members/, terms: "Terms", new: "New project", bin: "Bin", token: "New token", rail: { slides: "Slides of this project", picture: /^Picture/, history: "History", about: "About the slide" } },
  ko: { register: "계정 만들기", members: /^구성원/, terms: "용어", new: "새 프로젝트", bin: "휴지통", token: "새 토큰", rail: { slides: "이 프로젝트의 슬라이드", picture: /^화면 조정/, history: "기록", about: "슬라이드 정보" } },
};

await tell(async () => {
  seen.visited = [];
  const owner = await person("Ann");
  const { projectId, slideId } = await project(owner);
  const ids = { projectId, slideId };
  await draw(owner, ids);
  for (const { locale, theme } of LOOKS) {
    const language = locale.slice(0, 2);
    const words = WORDS[language];
    const page = await person("Ann", { locale, theme });
    const visit = async (name) => {
      const what = `${name}-${language}-${theme}`;
      // Menus and dialogs fade in; half-faded text has no contrast.
      await page.waitForTimeout(350);
      await checkAccess(page, what);
      await shot(page, what);
      seen.visited.push(what);
    };
    const button = (name) => page.getByRole("button", { name, exact: typeof name === "string" });

    await page.goto(`${given.url}/`);
    await page.getByText("Colon study").first().waitFor();
    await visit("projects");
    await button(words.new).first().click();
    await page.getByRole("dialog").waitFor();
    await visit("new-project");

    await page.goto(`${given.url}/p/${projectId}`);
    await page.locator("main img").first().waitFor();
    await visit("grid");
    await button(words.members).click();
    await page.getByRole("dialog").waitFor();
    await visit("members");
    await page.keyboard.press("Escape");
    await button(words.terms).click();
    await page.getByRole("dialog").waitFor();
    await visit("terms");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.getByText(words.bin, { exact: true }).first().click();
    await visit("bin");

    await page.goto(`${given.url}/settings`);
    await button(words.token).waitFor();
    await visit("settings");
    await button(words.token).click();
    await visit("new-token");

    await openSlide(page, slideId);
    await page.getByRole("tabpanel").getByRole("row").first().click();
    await visit("viewer");
    for (const tab of ["ai", "comments"]) {
      await page.locator(`#tab-${tab}`).click();
      await visit(`viewer-${tab}`);
    }
    for (const [name, label] of Object.entries(words.rail)) {
      await page.getByRole("navigation").nth(1).getByRole("button", { name: label }).click();
      await visit(`viewer-${name}`);
    }
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    await visit("shortcuts");

    await page.goto(`${given.url}/s/00000000-0000-0000-0000-000000000000`);
    await page.getByRole("main").or(page.getByRole("heading")).first().waitFor();
    await visit("not-found");
    await page.context().close();

    const stranger = await person("stranger", { locale, theme, account: false });
    await stranger.goto(`${given.url}/sign-in`);
    await stranger.getByRole("button", { name: words.register }).first().waitFor();
    await stranger.waitForTimeout(350);
    await checkAccess(stranger, `sign-in-${language}-${theme}`);
    await shot(stranger, `sign-in-${language}-${theme}`);
    seen.visited.push(`sign-in-${language}-${theme}`);
    await stranger.context().close();
  }

  // By keyboard alone: from the project to the slide, an outline of the list selected, deleted, and brought back.
  await owner.goto(`${given.url}/p/${projectId}`);
  await owner.locator('a[href^="/s/"]').first().focus();
  await owner.keyboard.press("Enter");
  await owner.locator("#tab-annotations").press("Enter");
  await owner.getByRole("tabpanel").getByRole("grid").focus();
  await owner.keyboard.press("Home");
  await owner.keyboard.press("Delete");
  const living = async () => (await ask(owner, "query($id: ID!) { annotations(slideId: $id) { nodes { id } } }", { id: slideId })).annotations.nodes.length;
  await until("the deletion", async () => (await living()) === 0);
  await owner.keyboard.press("Control+z");
  await until("the undo", async () => (await living()) === 1);
  seen.byKeyboard = await living();
});

async function draw(page, { slideId }) {
  await openSlide(page, slideId);
  await page.mouse.click(450, 700);
  await page.keyboard.press("r");
  await page.mouse.move(600, 300);
  await page.mouse.down();
  await page.mouse.move(760, 420, { steps: 4 });
  await page.mouse.up();
  await page.keyboard.press("c");
  await page.mouse.click(640, 500);
  await page.getByRole("textbox", { name: "Write a comment" }).fill("Keratin, not necrosis.");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("button", { name: "Comment 1 of Ann" }).waitFor();
}
