// More predicted outlines than one call takes are accepted at once: in parts, with progress, and taken back as one.
import { annotationsOf, ask, checkAccess, given, seen, shot, signedIn, tell, until } from "./browser.mjs";

await tell(async () => {
  const ann = await signedIn("Ann", given.cookie, { theme: "light" });
  const slideId = given.slide;
  const count = async () => (await ask(ann, "query($id: ID!) { slide(id: $id) { annotationCount } }", { id: slideId })).slide.annotationCount;
  await ann.goto(`${given.url}/s/${slideId}?x=16384&y=16384&d=8`);
  await ann.locator(`[data-testid="viewer"][data-outlines="${given.count}"]`).waitFor({ state: "attached" });
  await ann.getByRole("tab", { name: "AI" }).click();
  await ann.waitForTimeout(1000);
  await shot(ann, "outlines-light");
  seen.before = await count();
  seen.shown = await ann.getByRole("status", { name: "Outlines in view" }).innerText();

  await ann.getByRole("button", { name: "Accept all" }).click();
  const shares = new Set();
  await until("all on the server", async () => {
    const saving = await ann.getByRole("banner").or(ann.locator("header")).first().innerText();
    for (const [, share] of saving.matchAll(/(\d+) % done/g)) shares.add(Number(share));
    return (await count()) === seen.before + given.count;
  }, 180);
  seen.shares = [...shares];
  await ann.getByText("Saved", { exact: true }).waitFor({ timeout: 60_000 });
  await ann.waitForTimeout(1000);
  await shot(ann, "accepted-light");
  seen.accepted = await count();
  seen.some = (await annotationsOf(ann, slideId)).slice(0, 5);

  // One undo takes all of them back.
  await ann.locator('[data-testid="viewer"]').focus();
  await ann.keyboard.press("Control+z");
  await until("none on the server", async () => (await count()) === seen.before, 180);
  await ann.getByText("Saved", { exact: true }).waitFor({ timeout: 60_000 });
  seen.undone = await count();
  await checkAccess(ann, "AI, light");
});
