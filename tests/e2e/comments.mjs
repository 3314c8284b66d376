// Two people talk about a slide: a thread at a place and one about an outline, a mention, a reply, an edit, resolved, opened again.
import { ask, checkAccess, openSlide, person, project, seen, shot, tell, until } from "./browser.mjs";

const THREADS = `query($id: ID!) { commentThreads(slideId: $id) { nodes {
  id x y annotationId resolvedAt resolvedBy { name } comments { text editedAt deletedAt author { name } mentions { name } }
} } }`;

await tell(async () => {
  const ann = await person("Ann");
  const ben = await person("벤", { locale: "ko-KR", theme: "light" });
  const { slideId } = await project(ann, { members: { 벤: "ANNOTATOR" } });
  const threads = async () => (await ask(ann, THREADS, { id: slideId })).commentThreads.nodes;
  await openSlide(ann, slideId);
  await openSlide(ben, slideId);
  await ann.getByRole("button", { name: "Follow 벤" }).waitFor();

  // 1. A place: C, a press on the slide, the text with a mention completed from its first letter.
  await ann.mouse.click(700, 450);
  await ann.keyboard.press("c");
  await ann.getByText("Press where the comment belongs").waitFor();
  await ann.mouse.click(640, 380);
  const field = ann.getByRole("textbox", { name: "Write a comment" });
  await field.pressSequentially("Is this mitosis, @벤");
  await ann.getByRole("option", { name: "벤" }).waitFor();
  await shot(ann, "mention");
  await field.press("Enter");
  await field.pressSequentially("?");
  await field.press("Control+Enter");
  const [place] = await until("the thread on the server", async () => (await threads()).length === 1 && threads());
  seen.begun = place;

  // 2. It is live for the other, who is told of the mention and answers.
  await ben.getByText("Ann 님이 댓글에서 회원님을 불렀습니다").waitFor();
  await ben.getByRole("button", { name: "Ann의 댓글 1" }).waitFor();
  await ben.getByRole("button", { name: "Ann의 댓글 1" }).click();
  await ben.getByRole("textbox", { name: "1번 댓글에 답글" }).fill("네, 후기 같습니다.");
  await ben.getByRole("button", { name: "답글", exact: true }).click();
  await ann.getByText("네, 후기 같습니다.").waitFor();
  await shot(ben, "thread-ko-light");
  await checkAccess(ben, "comments, Korean, light");
  seen.replied = (await threads())[0].comments.map(({ text, author }) => [author.name, text]);

  // 3. The other changes their words, and takes them back.
  await ben.getByRole("button", { name: "벤의 댓글 메뉴" }).click();
  await ben.getByRole("menuitem", { name: "고치기" }).click();
  await ben.getByRole("textbox", { name: "고치기" }).fill("네, 중기 같습니다.");
  await ben.getByRole("button", { name: "저장" }).click();
  await ann.getByText("네, 중기 같습니다.").waitFor();
  seen.edited = (await threads())[0].comments[1].editedAt !== null;
  await ben.getByRole("button", { name: "벤의 댓글 메뉴" }).click();
  await ben.getByRole("menuitem", { name: "삭제" }).click();
  await ann.getByText("This comment was deleted.").waitFor();
  seen.deleted = (await threads())[0].comments[1];

  // 4. Resolved, its pin goes; opened again, it is back.
  await ann.getByRole("button", { name: "Resolve thread 1" }).click();
  await ben.getByText("Ann 님이 해결함").waitFor();
  seen.resolved = (await threads())[0].resolvedBy;
  await ben.getByRole("button", { name: "댓글 1 다시 열기" }).click();
  await until("the thread to be open again", async () => (await threads())[0].resolvedAt === null);
  await ann.getByRole("button", { name: "Resolve thread 1" }).waitFor();

  // 5. About an outline, from its card.
  await ann.mouse.click(700, 600);
  await ann.keyboard.press("r");
  await ann.mouse.move(560, 520);
  await ann.mouse.down();
  await ann.mouse.move(760, 640, { steps: 5 });
  await ann.mouse.up();
  await ann.getByRole("tab", { name: "Annotations" }).click();
  await ann.getByRole("button", { name: "Comment", exact: true }).click();
  await field.fill("The border runs through fat.");
  await ann.getByRole("button", { name: "Send" }).click();
  const [, about] = await until("the second thread", async () => (await threads()).length === 2 && threads());
  seen.about = about;
  seen.annotation = (await ask(ann, "query($id: ID!) { annotations(slideId: $id) { nodes { id bounds } } }", { id: slideId })).annotations.nodes;
  await ann.getByText("The border runs through fat.").waitFor();
  await shot(ann, "comments");
  await checkAccess(ann, "comments");
});
