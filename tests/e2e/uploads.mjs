// Slides come in: a folder that is one slide, a dropped file that is refused, an upload that a reload interrupts and that goes on.
import { ask, checkAccess, given, person, project, seen, shot, tell, until } from "./browser.mjs";

const SLIDES = "query($id: ID!) { slides(projectId: $id) { nodes { filename sizeBytes } } }";

await tell(async () => {
  const ann = await person("앤", { locale: "ko-KR" });
  const { projectId } = await project(ann, { slide: null });
  const slides = async () => (await ask(ann, SLIDES, { id: projectId })).slides.nodes;
  await ann.goto(`${given.url}/p/${projectId}`);
  await ann.getByText("슬라이드를 여기로 끌어오세요").waitFor();

  // 1. A DICOM folder is one slide.
  await ann.locator("input[webkitdirectory]").setInputFiles(given.dicom);
  await until("the series to be one slide", async () => (await slides()).length === 1);
  seen.folder = await slides();

  // 2. A dropped file that is none says why, in the reader's language.
  await ann.evaluate(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(5000)], "scan_07.svs"));
    const main = document.querySelector("main");
    for (const type of ["dragenter", "dragover", "drop"])
      main.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: transfer }));
  });
  const reason = ann.getByRole("alert");
  await reason.waitFor();
  seen.reason = await reason.textContent();
  await shot(ann, "refused-ko");
  await checkAccess(ann, "refused upload");

  // 3. A large file is paused, the page reloaded, the file chosen again: it goes on behind what was sent.
  const offsets = [];
  await ann.route("**/uploads/*", async (route) => {
    const { method, headers } = { method: route.request().method(), headers: await route.request().allHeaders() };
    if (method === "PATCH") offsets.push(Number(headers["upload-offset"]));
    if (method === "PATCH") await new Promise((go) => setTimeout(go, 700));
    await route.continue().catch(() => undefined);
  });
  const files = ann.locator('input[type="file"]:not([webkitdirectory])').first();
  await files.setInputFiles(given.large);
  await until("the second piece to begin", async () => offsets.length >= 2);
  await ann.getByRole("button", { name: /일시 정지|멈추기/ }).click();
  await ann.reload();
  const goOn = ann.getByRole("button", { name: "large.svs 파일을 다시 골라 이어 올리기" });
  await goOn.waitFor();
  await shot(ann, "unfinished-ko");
  await checkAccess(ann, "unfinished upload");
  offsets.length = 0;
  const chooser = ann.waitForEvent("filechooser");
  await goOn.click();
  await (await chooser).setFiles(given.large);
  await until("the large slide", async () => (await slides()).length === 2, 60);
  seen.wentOnAt = offsets[0];
  seen.slides = await slides();
  await ann.getByRole("link", { name: /large/ }).waitFor();
});
