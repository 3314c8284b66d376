// Tools by a real pointer: spline, count, hole, split, stretch and turn, and a vertex that catches at its neighbour; after each what the server holds.
import { annotationsOf, checkAccess, drag, openAt, person, project, seen, shot, tell, until } from "./browser.mjs";

await tell(async () => {
  const ann = await person("Ann");
  const { slideId } = await project(ann);
  const at = await openAt(ann, slideId, [1000, 1000]);
  const settled = (what, test) =>
    until(`${what}`, async () => {
      const all = await annotationsOf(ann, slideId);
      return test(all) && all;
    });
  const clickAll = async (...places) => {
    for (const place of places) await ann.mouse.click(...at(place));
  };
  const clear = async () => {
    await ann.keyboard.press("v");
    await ann.keyboard.press("Control+a");
    await ann.keyboard.press("Delete");
    await settled("nothing", (all) => all.length === 0);
  };

  // 1. A spline through four points.
  await ann.keyboard.press("s");
  await clickAll([900, 900], [1000, 800], [1100, 900], [1000, 1000]);
  await shot(ann, "spline");
  await ann.keyboard.press("Enter");
  [seen.spline] = await settled("the spline", (all) => all.length === 1);

  // 2. Two holes in it: by hand, and by corners. A click or a drag outside takes nothing.
  await ann.keyboard.press("o");
  await drag(ann, [at([960, 880]), at([990, 880]), at([990, 910]), at([960, 910])], { steps: 10 });
  await settled("the first hole", ([one]) => one.version === 2);
  await clickAll([1010, 890], [1050, 890], [1050, 930], [1010, 930]);
  await ann.keyboard.press("Enter");
  [seen.holes] = await settled("the second hole", ([one]) => one.version === 3);
  await shot(ann, "holes");
  await drag(ann, [at([700, 1200]), at([760, 1200]), at([760, 1260])]);
  await ann.getByText("A hole begins inside an outline").waitFor();
  await ann.keyboard.press("Control+z");
  [seen.holeUndone] = await settled("one hole less", ([one]) => one.version === 4);
  await clear();

  // 3. Split: one line through two rectangles, undone as one.
  await ann.keyboard.press("r");
  await drag(ann, [at([800, 900]), at([950, 1000])]);
  await settled("the first", (all) => all.length === 1);
  await ann.keyboard.press("r");
  await drag(ann, [at([1000, 900]), at([1150, 1000])]);
  await settled("the second", (all) => all.length === 2);
  await ann.keyboard.press("Escape");
  await ann.keyboard.press("Escape");
  await ann.keyboard.press("k");
  await drag(ann, [at([780, 940]), at([1170, 960])]);
  seen.split = await settled("four pieces", (all) => all.length === 4);
  await shot(ann, "split");
  await ann.keyboard.press("Control+z");
  seen.splitUndone = await settled("two again", (all) => all.length === 2);

  // 4. Stretched and turned together; a click and a drag beside them move nothing.
  await ann.keyboard.press("v");
  await ann.mouse.click(...at([820, 980]));
  await ann.keyboard.down("Shift");
  await ann.mouse.click(...at([1120, 980]));
  await ann.keyboard.up("Shift");
  await ann.keyboard.press("t");
  await ann.mouse.click(...at([820, 980]));
  await drag(ann, [at([975, 960]), at([975, 960 + 3])]);
  await shot(ann, "transform");
  await checkAccess(ann, "transform");
  seen.notMoved = await annotationsOf(ann, slideId);
  await drag(ann, [at([1150, 1000]), at([1325, 1050])]);
  seen.stretched = await settled("both stretched", (all) => all.every(({ version }, k) => version > seen.notMoved[k].version));
  await ann.keyboard.down("Shift");
  await drag(ann, [at([1062.5, 900 - 28]), at([1200, 900]), at([1250, 975])], { steps: 12 });
  await ann.keyboard.up("Shift");
  seen.turned = await settled("both turned", (all) => all.every(({ kind }) => kind === "POLYGON"));
  await clear();

  // 5. A corner that is moved near a neighbour catches at it; with Control it does not.
  await ann.keyboard.press("p");
  await clickAll([800, 900], [900, 900], [900, 1000], [800, 1000]);
  await ann.keyboard.press("Enter");
  await settled("the first", (all) => all.length === 1);
  await ann.keyboard.press("p");
  await clickAll([1000, 900], [1100, 900], [1100, 1000], [1000, 1000]);
  await ann.keyboard.press("Enter");
  await settled("the neighbour", (all) => all.length === 2);
  await ann.keyboard.press("v");
  await ann.mouse.click(...at([850, 950]));
  await ann.mouse.move(...at([900, 900]));
  await ann.mouse.down();
  await ann.mouse.move(...at([995, 904]), { steps: 8 });
  await shot(ann, "snap");
  await ann.mouse.up();
  [seen.snapped] = await settled("the corner", ([one]) => one.version === 2);
  await ann.keyboard.down("Control");
  await drag(ann, [at([900, 1000]), at([995, 996])]);
  await ann.keyboard.up("Control");
  [seen.free] = await settled("the other corner", ([one]) => one.version === 3);
  await clear();

  // 6. Counting: two terms, numbers at the points, a running total; a term's key changes what comes next alone.
  await ann.keyboard.press("1");
  await ann.keyboard.press("n");
  await clickAll([900, 900], [950, 900], [1000, 900]);
  await ann.keyboard.press("3");
  await clickAll([900, 1000], [950, 1000]);
  await settled("five points", (all) => all.length === 5);
  const card = ann.getByRole("region", { name: "Counted points" });
  await card.getByText("Total 5").waitFor();
  await ann.keyboard.press("Backspace");
  await settled("four points", (all) => all.length === 4);
  await ann.keyboard.press("1");
  await ann.keyboard.down("Alt");
  await clickAll([950, 900]);
  await ann.keyboard.up("Alt");
  seen.counted = await settled("three points", (all) => all.length === 3);
  await card.getByText("Total 3").waitFor();
  seen.totals = await card.innerText();
  await ann.mouse.move(...at([1050, 950]));
  await shot(ann, "count");
  await checkAccess(ann, "count");
});
