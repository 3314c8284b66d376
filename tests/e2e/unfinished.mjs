// Nothing drawn is lost: the tab crashes, the page is reloaded, the line is down for half a minute, each in the middle of drawing; a conflict waits for the next visit.
import { annotationsOf, checkAccess, drag, openAt, person, project, seen, shot, tell, until } from "./browser.mjs";

const OFFLINE_S = 30;

await tell(async () => {
  let ann = await person("Ann");
  const ben = await person("벤", { locale: "ko-KR", theme: "light" });
  const { slideId } = await project(ann, { members: { 벤: "ANNOTATOR" } });
  let at = await openAt(ann, slideId, [1000, 1000]);
  const settled = (what, test) =>
    until(what, async () => {
      const all = await annotationsOf(ann, slideId);
      return test(all) && all;
    });
  const offer = () => ann.getByRole("region", { name: "Unfinished shape" });
  /** What was drawn at the latest a quarter of a second ago is safe. */
  const drawnAWhile = () => ann.waitForTimeout(400);

  // 1. A crash of the tab's own process after three corners of a polygon.
  await ann.keyboard.press("p");
  for (const place of [[800, 800], [1000, 800], [1000, 950]]) await ann.mouse.click(...at(place));
  await drawnAWhile();
  const crashed = new Promise((go) => ann.once("crash", go));
  const debug = await ann.context().newCDPSession(ann);
  debug.send("Page.crash").catch(() => undefined);
  await crashed;
  const context = ann.context();
  await ann.close();
  ann = await context.newPage();
  ann.on("pageerror", (error) => seen.pageErrors.push(`Ann again: ${error.message}`));
  at = await openAt(ann, slideId, [1000, 1000]);
  await offer().waitFor();
  await shot(ann, "offer");
  await checkAccess(ann, "offer");
  await ann.getByRole("button", { name: "Go on drawing" }).click();
  await ann.mouse.click(...at([800, 950]));
  await ann.keyboard.press("Enter");
  [seen.afterCrash] = await settled("the polygon", (all) => all.length === 1);

  // 2. Reloaded with the pointer down, by hand and by brush.
  const startStroke = async (key, [first, ...rest]) => {
    await ann.keyboard.press("Escape");
    await ann.keyboard.press("Escape");
    await ann.keyboard.press(key);
    await ann.mouse.move(...at(first));
    await ann.mouse.down();
    for (const place of rest) await ann.mouse.move(...at(place), { steps: 10 });
    await drawnAWhile();
    await ann.reload();
    await ann.getByRole("tabpanel").waitFor();
    await ann.mouse.up();
    await offer().waitFor();
  };
  await startStroke("f", [[700, 1000], [800, 1000], [800, 1100]]);
  await ann.getByRole("button", { name: "Go on drawing" }).click();
  await ann.keyboard.press("Enter");
  seen.byHand = (await settled("the triangle", (all) => all.length === 2))[1];
  await startStroke("b", [[900, 1100], [1100, 1100]]);
  await ann.getByRole("button", { name: "Keep it" }).click();
  seen.byBrush = (await settled("the brush's stroke", (all) => all.length === 3))[2];

  // 3. Put away, it does not come again.
  await startStroke("f", [[700, 1200], [800, 1200], [800, 1300]]);
  await ann.getByRole("button", { name: "Discard" }).click();
  await ann.reload();
  await ann.getByRole("tabpanel").waitFor();
  await ann.waitForTimeout(1000);
  seen.offeredAgain = await offer().isVisible();

  // 4. Half a minute without a line in the middle of a polygon: it is finished offline, and another begun.
  await ann.keyboard.press("p");
  for (const place of [[1100, 800], [1200, 800]]) await ann.mouse.click(...at(place));
  await context.setOffline(true);
  const downSince = Date.now();
  for (const place of [[1200, 900], [1100, 900]]) await ann.mouse.click(...at(place));
  await ann.keyboard.press("Enter");
  await ann.getByText(/1 change/).first().waitFor({ timeout: 40_000 });
  await ann.keyboard.press("p");
  for (const place of [[1250, 800], [1350, 800], [1350, 900]]) await ann.mouse.click(...at(place));
  await ann.waitForTimeout(Math.max(0, OFFLINE_S * 1000 - (Date.now() - downSince)));
  await shot(ann, "offline");
  await context.setOffline(false);
  await ann.keyboard.press("Enter");
  const both = await until("both on the server", async () => {
    const all = await annotationsOf(ann, slideId);
    return all.length === 5 && all;
  }, 60);
  seen.offline = both.slice(3);

  // 5. Both move one outline, one of them offline; the tab is closed before the choice, which waits for the next one.
  const thereBen = await openAt(ben, slideId, [1000, 1000]);
  await ben.keyboard.press("v");
  await ann.keyboard.press("v");
  await ann.keyboard.press("Escape");
  await context.setOffline(true);
  await ann.mouse.click(...at([820, 820]));
  await drag(ann, [at([850, 870]), at([850, 850])]);
  await ben.mouse.click(...thereBen([820, 820]));
  await drag(ben, [thereBen([850, 870]), thereBen([870, 870])]);
  await until("Ben's move", async () => (await annotationsOf(ben, slideId))[0].version === 2);
  await context.setOffline(false);
  await ann.getByText("벤 changed the same outline first").waitFor({ timeout: 40_000 });
  await ann.close();
  ann = await context.newPage();
  await openAt(ann, slideId, [1000, 1000]);
  await ann.getByText("벤 changed the same outline first").waitFor();
  await shot(ann, "conflict");
  await ann.getByRole("button", { name: "Keep mine" }).click();
  [seen.mine] = await settled("mine", ([one]) => one.version === 3);
  await ann.reload();
  await ann.getByRole("tabpanel").waitFor();
  seen.conflictAgain = await ann.getByText("changed the same outline first").isVisible();
});
