// The slides of a project of thousands. `phase: prepare` makes the project with one slide, whose rows the test multiplies; `phase: look` sorts and narrows them.
import { checkAccess, given, person, project, seen, shot, tell, until } from "./browser.mjs";

const WORDS = {
  en: { table: "Table", grid: "Cards", size: "Size", open: /^Open slide /, tags: "Tags", annotated: /^Annotated/, all: /^All\b/, search: "Search slides and tags" },
  ko: { table: "표", grid: "카드", size: "크기", open: / 슬라이드 열기$/, tags: "태그", annotated: /^주석 있음/, all: /^전체/, search: "슬라이드, 태그 검색" },
};

await tell(async () => {
  if (given.phase === "prepare") {
    Object.assign(seen, await project(await person("Ann"), { name: "Archive" }));
    return;
  }
  seen.looks = {};
  for (const [language, theme] of [["en", "dark"], ["ko", "light"]]) {
    const words = WORDS[language];
    const ann = await person("Ann", { locale: language === "ko" ? "ko-KR" : "en-US", theme });
    await ann.goto(`${given.url}/p/${given.projectId}`);
    const names = () => ann.getByRole("link", { name: words.open }).allInnerTexts();
    const status = () => ann.locator("main [role=status]").first().innerText();
    await until("all slides", async () => (await ann.getByRole("button", { name: words.all }).innerText()).includes("2,000"));
    await until("the rest", async () => (await status()) === "");
    const told = { cards: { first: (await names()).slice(0, 2), elements: await ann.locator("main ul > li").count() } };
    await checkAccess(ann, `cards-${language}`);
    await shot(ann, `cards-${language}-${theme}`);

    await ann.getByRole("button", { name: words.table }).click();
    await ann.getByRole("button", { name: words.size, exact: true }).click();
    told.largest = (await names()).slice(0, 3);
    const table = ann.getByRole("table");
    told.rowCount = await table.getAttribute("aria-rowcount");
    told.lines = await table.locator("tbody tr").count();
    await checkAccess(ann, `table-${language}`);
    await shot(ann, `table-${language}-${theme}`);
    await ann.keyboard.press("End");
    await ann.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
    told.smallest = await until("the last line", async () => {
      const shown = await names();
      return shown.includes("Case 1") && shown.at(-1);
    });
    await ann.getByRole("button", { name: words.size, exact: true }).click();
    await ann.evaluate(() => window.scrollTo(0, 0));
    await until("the smallest first", async () => (await names())[0] === "Case 1");

    // Many conditions together, remembered when one comes back.
    await ann.getByRole("button", { name: words.annotated }).click();
    await ann.getByRole("button", { name: new RegExp(`^${words.tags}`) }).first().click();
    await ann.getByRole("menuitemcheckbox", { name: /^margin/ }).click();
    await ann.getByRole("menuitemcheckbox", { name: /^colon/ }).click();
    await ann.keyboard.press("Escape");
    told.narrowed = { status: await status(), names: await names() };
    await ann.reload();
    await until("the same again", async () => JSON.stringify(await names()) === JSON.stringify(told.narrowed.names));
    await ann.getByRole("searchbox", { name: words.search }).fill("case 12");
    told.searched = await until("fewer", async () => {
      const found = await names();
      return found.length > 0 && found.length < told.narrowed.names.length && found;
    });
    await shot(ann, `narrowed-${language}-${theme}`);
    await ann.getByRole("button", { name: words.all }).click();
    await ann.getByRole("button", { name: words.grid }).click();
    seen.looks[language] = told;
    await ann.context().close();
  }
});
