// The magic wand by colour on a slide with one round piece of tissue: a click, more by dragging, joined with Shift, taken away with Alt.
import { annotationsOf, checkAccess, drag, openAt, person, project, seen, shot, tell, until } from "./browser.mjs";

await tell(async () => {
  const ann = await person("Ann");
  const { slideId } = await project(ann);
  const at = await openAt(ann, slideId, [512, 512]);
  const settled = (what, test) =>
    until(what, async () => {
      const all = await annotationsOf(ann, slideId);
      return test(all) && all;
    });
  // Until the tiles are there.
  await ann.waitForFunction(() => {
    const drawn = document.querySelector(".coslide-tiles canvas, canvas.coslide-tiles");
    return drawn?.getContext("2d")?.getImageData(drawn.width >> 1, drawn.height >> 1, 1, 1).data[3] === 255;
  });
  await ann.keyboard.press("w");
  await ann.getByRole("button", { name: "Magic wand" }).and(ann.locator("[aria-pressed=true]")).waitFor();
  await ann.waitForTimeout(500);

  // 1. A click takes the disc, without the lumen in it.
  await ann.mouse.click(...at([430, 512]));
  [seen.clicked] = await settled("the disc", (all) => all.length === 1);
  await shot(ann, "wand");
  await checkAccess(ann, "wand");

  // 2. The lumen joins it with Shift, and leaves it with Alt.
  await ann.keyboard.down("Shift");
  await ann.mouse.click(...at([512, 512]));
  await ann.keyboard.up("Shift");
  [seen.joined] = await settled("the lumen in it", ([one]) => one.version === 2);
  await ann.keyboard.down("Alt");
  await ann.mouse.click(...at([512, 512]));
  await ann.keyboard.up("Alt");
  [seen.taken] = await settled("the lumen out of it", ([one]) => one.version === 3);

  // 3. Nothing selected, and dragged far to the right: all that is seen, as one of its own.
  await ann.keyboard.press("Escape");
  await ann.keyboard.press("Escape");
  await ann.keyboard.press("w");
  await drag(ann, [at([200, 850]), at([700, 850])]);
  seen.all = (await settled("a second one", (all) => all.length === 2))[1];
  await ann.keyboard.press("Control+z");
  await settled("one alone", (all) => all.length === 1);
});
