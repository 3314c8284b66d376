// An annotator proposes outlines, a reviewer rejects one with a reason and accepts the other; what is accepted is locked until it is opened again.
import { ask, checkAccess, openSlide, person, project, seen, shot, tell, until } from "./browser.mjs";

const OUTLINES = `query($id: ID!) { annotations(slideId: $id) { nodes {
  id bounds reviewState reviewReason locked reviewedBy { name }
} } }`;

await tell(async () => {
  const ann = await person("Ann");
  const rho = await person("로", { locale: "ko-KR", theme: "light" });
  const owner = await person("Owner");
  const { slideId } = await project(owner, { members: { Ann: "ANNOTATOR", 로: "REVIEWER" } });
  const outlines = async () =>
    (await ask(ann, OUTLINES, { id: slideId })).annotations.nodes.sort((a, b) => a.bounds[0] - b.bounds[0]);
  const states = async () => (await outlines()).map(({ reviewState }) => reviewState).join();
  await openSlide(ann, slideId);
  await openSlide(rho, slideId);
  await ann.getByRole("button", { name: "Follow 로" }).waitFor();

  // 1. Two rectangles, proposed together.
  for (const [x, y] of [[520, 400], [720, 400]]) {
    await ann.mouse.click(700, 700);
    await ann.keyboard.press("r");
    await ann.mouse.move(x, y);
    await ann.mouse.down();
    await ann.mouse.move(x + 120, y + 100, { steps: 5 });
    await ann.mouse.up();
  }
  await until("two outlines", async () => (await outlines()).length === 2);
  await ann.getByRole("tab", { name: "Annotations" }).click();
  const rows = ann.getByRole("grid").getByRole("row");
  await rows.nth(0).click();
  await rows.nth(1).click({ modifiers: ["Shift"] });
  await ann.getByRole("button", { name: "Propose", exact: true }).click();
  await until("both to be proposed", async () => (await states()) === "PROPOSED,PROPOSED");
  seen.annotatorMayAccept = await ann.getByRole("button", { name: "Accept", exact: true }).isVisible();

  // 2. The reviewer rejects the newest with a reason, and accepts the other.
  await rho.getByRole("tab", { name: "주석" }).click();
  const theirs = rho.getByRole("grid").getByRole("row");
  await theirs.nth(0).click();
  await rho.getByRole("button", { name: "반려", exact: true }).click();
  await rho.getByRole("textbox", { name: "무엇을 고쳐야 하나요?" }).fill("Too wide");
  await shot(rho, "rejecting-ko-light");
  await checkAccess(rho, "review, Korean, light");
  await rho.getByRole("button", { name: "반려", exact: true }).click();
  await until("one to be rejected", async () => (await states()).includes("REJECTED"));
  await theirs.nth(1).click();
  await rho.getByRole("button", { name: "승인", exact: true }).click();
  await until("the other to be accepted", async () => (await states()).includes("ACCEPTED"));
  seen.marks = await Promise.all(
    ["반려", "승인"].map((name) => theirs.getByRole("img", { name }).count()),
  );
  seen.reviewed = (await outlines()).map(({ id: _, bounds: __, ...rest }) => rest);

  // 3. The annotator reads why, live, and cannot change what is accepted.
  await rows.nth(0).click();
  await ann.getByText("Too wide").waitFor();
  await shot(ann, "rejected");
  await rows.nth(1).click();
  await ann.getByRole("button", { name: "Delete", exact: true }).waitFor();
  seen.mayDeleteAccepted = await ann.getByRole("button", { name: "Delete", exact: true }).isEnabled();
  await shot(ann, "accepted");
  await checkAccess(ann, "review");

  // 4. Opened again.
  await rho.getByRole("button", { name: "다시 열기", exact: true }).click();
  await until("it to be open again", async () => (await states()).includes("PROPOSED"));
  seen.opened = (await outlines()).map(({ reviewState, locked }) => [reviewState, locked]);
});
