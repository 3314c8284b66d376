// The magic wand where a prediction is shown: by its probabilities on glass that is all one colour, by colour where the model sees nothing.
import { annotationsOf, given, openAt, seen, shot, signedIn, tell, until } from "./browser.mjs";

await tell(async () => {
  const ann = await signedIn("Ann", given.cookie);
  const tile = ann.waitForResponse((answer) => answer.url().includes("/heatmap/0/0_0.png") && answer.ok());
  const at = await openAt(ann, given.slide, [512, 512]);
  await tile;
  const settled = (count) =>
    until(`${count} on the server`, async () => {
      const all = await annotationsOf(ann, given.slide);
      return all.length === count && all;
    });
  await ann.keyboard.press("w");
  await ann.waitForTimeout(1500);
  await ann.mouse.click(...at([260, 760]));
  [seen.tumour] = await settled(1);
  await shot(ann, "tumour");
  await ann.mouse.click(...at([430, 512]));
  seen.ring = (await settled(2))[1];
});
