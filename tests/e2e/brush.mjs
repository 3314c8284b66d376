// Strokes of brush and eraser by a real pointer: what the server held after each.
import { annotationsOf, drag, given, openAt, seen, signedIn, tell, until } from "./browser.mjs";

await tell(async () => {
  const page = await signedIn("Ann", given.cookie);
  const at = await openAt(page, given.slide, [512, 512]);
  const stroke = (from, to) => drag(page, [at(from), at(to)], { steps: 20 });
  /** The annotation that is there once `test` holds of one. */
  const held = (what, test) => until(what, async () => (await annotationsOf(page, given.slide)).find(test), 30);

  await page.keyboard.press("b");
  await stroke([412, 512], [612, 512]);
  seen.brushed = await held("an area", () => true);

  await stroke([512, 412], [512, 612]);
  seen.added = await held("the same area, grown", ({ id, version }) => id === seen.brushed.id && version === 2);

  await page.keyboard.press("x");
  await stroke([512, 412], [512, 612]);
  seen.erased = await held("the area split", ({ version }) => version === 3);

  await page.keyboard.press("Control+z");
  seen.undone = await held("the area whole again", ({ version }) => version === 4);

  await page.keyboard.press("v");
  await page.mouse.click(...at([812, 662]));
  await page.keyboard.press("x");
  await stroke([412, 712], [612, 712]);
  await page.keyboard.press("b");
  await page.keyboard.press("[");
  await stroke([412, 762], [612, 762]);
  seen.narrow = await held("a second area", ({ id }) => id !== seen.brushed.id);
  seen.inTheEnd = await annotationsOf(page, given.slide);
});
