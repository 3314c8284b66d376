// Layers, terms, list and what is noted about an outline: opacity, outlines alone, the bare slide, hot keys, filter, attributes.
import { ask, checkAccess, openSlide, person, project, seen, shot, tell, until } from "./browser.mjs";

const QUERY = "query($id: ID!) { annotations(slideId: $id) { nodes { id termId note attributes } } }";

await tell(async () => {
  const ann = await person("Ann");
  const { slideId, projectId } = await project(ann);
  const annotations = async () => (await ask(ann, QUERY, { id: slideId })).annotations.nodes;
  await openSlide(ann, slideId);
  const { project: made } = await ask(ann, "query($id: ID!) { project(id: $id) { terms { id name } } }", { id: projectId });
  seen.terms = Object.fromEntries(made.terms.map(({ id, name }) => [id, name]));

  // 1. A hot key picks the term of what is drawn next.
  await ann.mouse.click(450, 700);
  for (const [key, x] of [["1", 560], ["3", 720]]) {
    await ann.keyboard.press("Escape");
    await ann.keyboard.press("Escape");
    await ann.keyboard.press(key);
    await ann.keyboard.press("r");
    await ann.mouse.move(x, 420);
    await ann.mouse.down();
    await ann.mouse.move(x + 120, 520, { steps: 4 });
    await ann.mouse.up();
  }
  seen.drawn = await until("both rectangles", async () => (await annotations()).length === 2 && annotations());

  // 2. Attributes and a note of the selected one.
  await ann.getByRole("tabpanel").getByRole("row").first().click();
  await ann.getByRole("button", { name: "Add attribute" }).click();
  await ann.getByRole("textbox", { name: "Name" }).fill("grade");
  await ann.getByRole("textbox", { name: "Value" }).fill("2");
  await ann.getByRole("textbox", { name: "Value" }).press("Enter");
  await until("the attribute", async () => (await annotations()).some(({ attributes }) => attributes.grade === 2));
  await ann.getByRole("textbox", { name: "grade" }).fill("high");
  await ann.getByRole("textbox", { name: "Note", exact: true }).fill("Seen twice.");
  await ann.getByRole("textbox", { name: "Note", exact: true }).blur();
  seen.described = await until("note and attribute", async () => {
    const all = await annotations();
    return all.some(({ note, attributes }) => note && attributes.grade === "high") && all;
  });
  await checkAccess(ann, "annotations with a selection");
  await shot(ann, "attributes");
  await ann.getByRole("button", { name: "Remove attribute grade" }).click();
  await until("the attribute to go", async () => (await annotations()).every(({ attributes }) => !("grade" in attributes)));

  // 3. The list is narrowed by words.
  const rows = ann.getByRole("tabpanel").getByRole("row");
  await ann.getByRole("textbox", { name: "Filter by term, note or person" }).fill("twice");
  await until("one row", async () => (await rows.count()) === 1);
  await ann.getByRole("textbox", { name: "Filter by term, note or person" }).fill("");

  // 4. The layer fainter, then as outlines, then the bare slide while ` is held; nothing of it reaches the server.
  await ann.getByRole("button", { name: "Fit" }).click();
  await ann.waitForTimeout(600);
  await ann.keyboard.press("Escape");
  const inside = () => pixel(ann, 620, 470);
  const full = await inside();
  await ann.getByRole("button", { name: "How Ann is drawn" }).click();
  await ann.getByText("Outline", { exact: true }).click();
  await until("the fill to go", async () => (await inside()) !== full);
  await checkAccess(ann, "layer look");
  await shot(ann, "layer-look");
  await ann.getByRole("slider", { name: "Opacity of Ann" }).press("Home");
  await ann.keyboard.press("Escape");
  await ann.mouse.click(450, 700);
  await ann.keyboard.down("Backquote");
  seen.bare = await ann.locator(".coslide-annotations").first().isHidden();
  await ann.keyboard.up("Backquote");
  seen.back = await ann.locator(".coslide-annotations").first().isVisible();
  seen.after = await annotations();
});

/** The colour of one point of the page. */
async function pixel(page, x, y) {
  const shotOf = await page.screenshot({ clip: { x, y, width: 1, height: 1 } });
  return shotOf.toString("base64");
}
