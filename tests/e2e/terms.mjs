// Ann makes a tree of terms by the keyboard, in each language, and draws with a term of it.
import { ask, checkAccess, openSlide, person, project, seen, shot, tell, until } from "./browser.mjs";

const WORDS = {
  en: { edit: "Edit terms", move: "Move ", addBelow: "Add a term below", menuIn: "Put below the term above", fold: "Fold ", close: "Close", filter: "Filter by term, note or person", newTerm: "New term" },
  ko: { edit: "용어 편집", move: " 옮기기", addBelow: "아래에 용어 추가", menuIn: "위 용어 아래로 넣기", fold: " 접기", close: "닫기", filter: "용어, 메모, 사람으로 거르기", newTerm: "새 용어" },
};
const TERMS = "query($id: ID!) { project(id: $id) { terms { id name position parentId } } }";

await tell(async () => {
  seen.trees = {};
  for (const [language, theme] of [["en", "dark"], ["ko", "light"]]) {
    const words = WORDS[language];
    const ann = await person(`Ann ${language}`, { locale: language === "ko" ? "ko-KR" : "en-US", theme });
    const { projectId, slideId } = await project(ann);
    const tree = async () => {
      const { terms } = (await ask(ann, TERMS, { id: projectId })).project;
      const names = Object.fromEntries(terms.map(({ id, name }) => [id, name]));
      return terms.map(({ name, parentId }) => `${name}${parentId ? ` < ${names[parentId]}` : ""}`);
    };
    const names = (await ask(ann, TERMS, { id: projectId })).project.terms.map(({ name }) => name);
    const named = (word, name) => (language === "ko" ? `${name}${word}` : `${word}${name}`);
    await openSlide(ann, slideId);
    await ann.getByRole("button", { name: words.edit }).click();
    const handle = (name) => ann.getByRole("button", { name: named(words.move, name), exact: true });
    /** Whether the page shows the tree that the server holds. */
    const inStep = async () => {
      const depths = await ann.locator("li[data-depth]").evaluateAll((rows) => rows.map((row) => `${row.querySelector("input").value} ${row.dataset.depth}`));
      const { terms } = (await ask(ann, TERMS, { id: projectId })).project;
      const depthOf = ({ parentId }) => (parentId === null ? 0 : 1 + depthOf(terms.find(({ id }) => id === parentId)));
      return JSON.stringify(depths) === JSON.stringify(terms.map((term) => `${term.name} ${depthOf(term)}`));
    };
    const press = async (name, key, wanted) => {
      await handle(name).focus();
      await ann.keyboard.press(key);
      await until(`${name} to be moved by ${key}`, async () => wanted(await tree()));
      await until("the page to show it", inStep);
      // The handle keeps the keyboard, wherever its row went.
      await until("the handle to have the focus", () => handle(name).evaluate((node) => node === document.activeElement));
    };
    const [first, second, third, fourth] = names;
    const told = { names, steps: [] };
    const step = async () => told.steps.push(await tree());
    await press(second, "ArrowRight", (now) => now.includes(`${second} < ${first}`));
    await step();
    await press(third, "ArrowRight", (now) => now.includes(`${third} < ${first}`));
    await press(third, "ArrowUp", (now) => now.indexOf(`${third} < ${first}`) === 1);
    await step();
    await press(third, "ArrowLeft", (now) => now.includes(third));
    await step();
    // By the menu, too; and a new term below another.
    await handle(third).click();
    await ann.getByRole("menuitem", { name: words.menuIn }).click();
    await until("the menu's move", async () => (await tree()).includes(`${third} < ${first}`) && inStep());
    await handle(second).click();
    await ann.getByRole("menuitem", { name: words.addBelow }).click();
    await until("the new term", async () => (await tree()).includes(`${words.newTerm} < ${second}`));
    await until("the page to show it", inStep);
    await step();
    await checkAccess(ann, `terms-${language}`);
    await shot(ann, `terms-${language}-${theme}`);
    await ann.keyboard.press("Escape");

    // Drawn with a term deep in the tree, found in the list by the name of the one above it.
    await ann.getByRole("button", { name: new RegExp(`^${words.newTerm}`) }).click();
    await ann.keyboard.press("r");
    await ann.mouse.move(620, 320);
    await ann.mouse.down();
    await ann.mouse.move(760, 430, { steps: 4 });
    await ann.mouse.up();
    const drawn = "query($id: ID!, $term: ID!, $below: Boolean!) { annotations(slideId: $id, termId: $term, withTermsBelow: $below) { nodes { id } } }";
    const { terms } = (await ask(ann, TERMS, { id: projectId })).project;
    const top = terms.find(({ name }) => name === first).id;
    const count = async (below) => (await ask(ann, drawn, { id: slideId, term: top, below })).annotations.nodes.length;
    await until("the outline below the term at the top", async () => (await count(true)) === 1);
    told.alone = await count(false);
    await ann.getByLabel(words.filter).fill(first.split(" ").at(-1));
    told.listed = await ann.getByRole("tabpanel").getByRole("row").count();
    await ann.getByLabel(words.filter).fill(fourth.split(" ").at(-1));
    await until("the list to be empty", async () => (await ann.getByRole("tabpanel").getByRole("row").count()) === 0);
    await ann.getByLabel(words.filter).fill("");
    // Folded, the top term counts for all below it.
    await shot(ann, `tree-${language}-${theme}`);
    await ann.getByRole("button", { name: named(words.fold, first), exact: true }).click();
    told.folded = await ann.locator("aside button[aria-pressed]").filter({ hasText: first }).innerText();
    seen.trees[language] = told;
    await ann.context().close();
  }
});
