// What is done to the selection: union, subtract, intersect, exclude, simplify, holes, expand, inverse, each undone as one; copied to another slide.
import { annotationsOf, ask, checkAccess, drag, given, openAt, person, project, seen, shot, tell, until, upload } from "./browser.mjs";

await tell(async () => {
  const ann = await person("Ann");
  const { slideId } = await project(ann);
  const at = await openAt(ann, slideId, [1000, 1000]);
  const held = () => annotationsOf(ann, slideId);
  const settled = (what, test) => until(what, async () => { const all = await held(); return test(all) && all; });
  const seqOf = async () => (await ask(ann, "query($id: ID!) { annotations(slideId: $id) { seq } }", { id: slideId })).annotations.seq;
  const rectangle = async ([x, y], [right, bottom]) => {
    const before = (await held()).length;
    await ann.keyboard.press("r");
    await drag(ann, [at([x, y]), at([right, bottom])]);
    await settled("the rectangle", (all) => all.length === before + 1);
  };
  const select = async (...places) => {
    await ann.keyboard.press("v");
    await ann.keyboard.press("Escape");
    for (const [index, place] of places.entries()) {
      if (index > 0) await ann.keyboard.down("Shift");
      await ann.mouse.click(...at(place));
      await ann.keyboard.up("Shift");
    }
  };
  const bar = ann.getByRole("toolbar", { name: "Commands on the selection" });
  const button = (name) => bar.getByRole("button", { name, exact: true });

  // 1. Two rectangles that overlap: every command is one step of the log, and one step of undo.
  await rectangle([800, 900], [1000, 1000]);
  await rectangle([950, 900], [1150, 1000]);
  const [left, right] = await held();
  seen.ids = [left.id, right.id];
  seen.results = {};
  for (const [name, key] of [["Union", "Shift+U"], ["Subtract", "Shift+S"], ["Intersect", "Shift+I"], ["Exclude overlap", "Shift+X"]]) {
    await select([820, 950], [1130, 950]);
    await button(name).waitFor();
    if (name === "Union") {
      await button(name).hover();
      await ann.getByText("All become one").waitFor();
      await shot(ann, "bar");
      await checkAccess(ann, "command bar");
    }
    const seq = await seqOf();
    if (name === "Subtract") await button(name).click();
    else await ann.keyboard.press(key);
    seen.results[name] = await settled(name, (all) => all.some(({ id, version }) => id === left.id && version % 2 === 0));
    seen.results[`${name} steps`] = (await seqOf()) - seq;
    await ann.keyboard.press("Control+z");
    await settled(`${name} undone`, (all) => all.length === 2 && all[0].version % 2 === 1);
  }
  seen.undone = await held();

  // 2. One alone can't be joined: the button says why, and the key tells it, too.
  await select([820, 950]);
  seen.disabled = await button("Union").getAttribute("aria-disabled");
  seen.reason = await button("Union").getAttribute("aria-description");
  await ann.keyboard.press("Shift+U");
  await ann.getByText("Select two or more outlines").first().waitFor();
  await shot(ann, "refused");

  // 3. Expand by micrometres: shown dashed while one types, then done; shrink brings the corners back.
  await ann.keyboard.press("Shift+G");
  await ann.getByLabel("How much wider").fill("20");
  await shot(ann, "expand");
  await ann.getByLabel("How much wider").press("Enter");
  seen.grown = (await settled("the wider outline", (all) => all[0].areaPx > left.areaPx * 1.2))[0];
  await ann.keyboard.press("Control+z");
  await settled("the narrower one", (all) => all[0].areaPx === left.areaPx);

  // 4. Inverse: inside the outline around it.
  await rectangle([700, 800], [1250, 1100]);
  await select([820, 950], [1130, 950]);
  await ann.keyboard.press("Shift+N");
  const inverted = await settled("the inverse", (all) => all.length === 4);
  seen.inverse = inverted[3];
  await shot(ann, "inverse");

  // 5. Its hole is filled, its points are thinned out.
  await ann.keyboard.press("Shift+H");
  seen.filled = (await settled("the filled outline", (all) => all[3].version === 2))[3];
  await ann.keyboard.press("Delete");
  await settled("three again", (all) => all.length === 3);
  await ann.keyboard.press("e");
  await drag(ann, [at([700, 1150]), at([1000, 1300])]);
  const [, , , round] = await settled("the ellipse", (all) => all.length === 4);
  await ann.keyboard.press("v");
  await ann.keyboard.press("Shift+Y");
  await ann.getByLabel("How far the outline may move").fill("2");
  await ann.getByRole("button", { name: "Apply" }).click();
  const simple = (await settled("fewer points", (all) => all[3].version === 2))[3];
  seen.simplified = { before: round.geometry.coordinates[0].length, after: simple.geometry.coordinates[0].length, share: simple.areaPx / round.areaPx };

  // 6. All in view, all of a term, duplicate, nudge.
  await ann.keyboard.press("Control+a");
  await ann.getByText("4 selected").first().waitFor();
  await select([850, 1225]);
  await ann.keyboard.press("2");
  await settled("another term", (all) => all[3].termId !== all[0].termId);
  await ann.keyboard.press("Shift+A");
  await ann.getByText("1 selected").first().waitFor();
  await ann.keyboard.press("Control+d");
  const [, , , original, copy] = await settled("the duplicate", (all) => all.length === 5);
  seen.duplicate = { original, copy };
  await ann.keyboard.press("Shift+ArrowRight");
  seen.nudged = (await settled("the nudge", (all) => all[4].version === 2))[4];

  // 7. Copied here, pasted on a slide of half the scale in another tab; cut and pasted in place here.
  await select([820, 950], [1130, 950]);
  await ann.keyboard.press("Control+c");
  await ann.getByText("2 annotations copied").waitFor();
  const { projectId } = await project(ann, { name: "Other study", slide: null });
  const otherId = await upload(ann, projectId, given.coarse);
  const tab = await ann.context().newPage();
  const there = await openAt(tab, otherId, [512, 512]);
  await tab.mouse.click(...there([512, 900]));
  await tab.keyboard.press("Control+v");
  seen.pasted = await until("both on the other slide", async () => {
    const all = await annotationsOf(tab, otherId);
    return all.length === 2 && all;
  });
  await shot(tab, "pasted");
  await tab.close();
  await ann.bringToFront();
  await ann.keyboard.press("Control+x");
  await settled("the cut", (all) => all.length === 3);
  await ann.keyboard.press("Control+Shift+v");
  seen.inPlace = (await settled("them back in place", (all) => all.length === 5)).slice(3);
});
