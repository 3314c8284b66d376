// What happened on a slide: steps by two people, the slide as it was, a deleted outline brought back, an earlier shape brought back.
import { ask, checkAccess, openSlide, person, project, seen, shot, tell, until } from "./browser.mjs";

const QUERY = "query($id: ID!) { annotations(slideId: $id) { nodes { id version bounds areaPx } } }";

await tell(async () => {
  const ann = await person("Ann");
  const ben = await person("벤", { locale: "ko-KR", theme: "light" });
  const { slideId } = await project(ann, { members: { 벤: "ANNOTATOR" } });
  const annotations = async () => (await ask(ann, QUERY, { id: slideId })).annotations.nodes;
  const rows = ann.getByRole("tabpanel").getByRole("row");
  const rectangle = async ([x, y], [right, bottom]) => {
    await ann.keyboard.press("r");
    await ann.mouse.move(x, y);
    await ann.mouse.down();
    await ann.mouse.move(right, bottom, { steps: 4 });
    await ann.mouse.up();
  };
  await openSlide(ann, slideId);
  await openSlide(ben, slideId);
  await ann.getByRole("button", { name: "Follow 벤" }).waitFor();

  // 1. Ann draws two rectangles; Ben deletes one, and Ann moves the other.
  await ann.mouse.click(450, 700);
  await rectangle([560, 200], [680, 300]);
  await rectangle([600, 500], [760, 620]);
  const drawn = await until("both on the server", async () => (await annotations()).length === 2 && annotations());
  seen.drawn = drawn;
  await ben.getByRole("tabpanel").getByRole("row").nth(1).click();
  await ben.keyboard.press("Delete");
  const [kept] = await until("the deletion", async () => (await annotations()).length === 1 && annotations());
  await ann.keyboard.press("v");
  await ann.mouse.move(680, 560);
  await ann.mouse.down();
  await ann.mouse.move(720, 600, { steps: 4 });
  await ann.mouse.up();
  const [moved] = await until("the move", async () => (await annotations())[0].version > kept.version && annotations());
  seen.moved = moved;

  // 2. The history names both; a step shows the slide as it was, where nothing can be changed.
  await ann.getByRole("button", { name: "History", exact: true }).click();
  await ann.getByText("deleted 1 outline").waitFor();
  await shot(ann, "history");
  await checkAccess(ann, "history");
  await ann.getByRole("button", { name: "Show the slide after step 2" }).click();
  await ann.getByText("The slide as it was on").waitFor();
  await until("both rectangles to be listed", async () => (await rows.count()) === 2);
  await ann.mouse.click(600, 250);
  await ann.keyboard.press("Delete");
  await shot(ann, "past");
  await checkAccess(ann, "past");
  seen.afterDeleteInThePast = await annotations();
  await ann.getByRole("button", { name: "Back to now" }).click();
  await until("the list of now", async () => (await rows.count()) === 1);

  // 3. What Ben deleted comes back, as an edit of Ann's.
  await ann.getByRole("button", { name: "Restore the deleted outline" }).click();
  seen.restored = await until("the restoration", async () => (await annotations()).length === 2 && annotations());
  await ann.getByText("restored 1 outline").waitFor();

  // 4. The moved one gets its first shape back, from its own history.
  await rows.last().click();
  if (!(await ann.getByText("This outline").isVisible())) throw new Error("no history of the selected outline is offered");
  const shapes = ann.getByRole("button", { name: /^Bring back the shape of step/ });
  await ann.getByText("This outline").click();
  await shapes.last().waitFor();
  await shot(ann, "history-of-outline");
  await shapes.last().click();
  seen.back = await until("the first shape", async () => {
    const now = (await annotations()).find(({ id }) => id === moved.id);
    return now.version > moved.version && now;
  });
  await ben.getByRole("button", { name: "기록", exact: true }).click();
  await ben.getByText("윤곽 1개 되살림").first().waitFor();
  await shot(ben, "history-ko-light");
  await checkAccess(ben, "history, Korean, light");
});
