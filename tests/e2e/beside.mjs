// Ann lays a second slide beside the first, in each language: both move together, from an offset of her own too, and a link reopens both.
import { ask, checkAccess, given, openSlide, person, project, seen, shot, tell, until, upload } from "./browser.mjs";

const WORDS = {
  en: { panel: "Slides of this project", open: (name) => `Open ${name} side by side`, linked: "Linked", here: "Link here", share: "Share", close: "Close the second slide", pane: "Second slide" },
  ko: { panel: "이 프로젝트의 슬라이드", open: (name) => `${name} 나란히 열기`, linked: "연결됨", here: "여기서 연결", share: "공유", close: "두 번째 슬라이드 닫기", pane: "두 번째 슬라이드" },
};
const DRAW = "mutation($input: ApplyAnnotationOpsInput!) { applyAnnotationOps(input: $input) { __typename ... on Failure { message } } }";

await tell(async () => {
  seen.looks = {};
  for (const [language, theme] of [["en", "dark"], ["ko", "light"]]) {
    const words = WORDS[language];
    const ann = await person(`Ann ${language}`, { locale: language === "ko" ? "ko-KR" : "en-US", theme });
    await ann.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const ben = await person(`Ben ${language}`);
    const { projectId, slideId } = await project(ann, { members: { [`Ben ${language}`]: "ANNOTATOR" } });
    const otherId = await upload(ann, projectId, given.other);
    await openSlide(ann, slideId);
    await ann.getByRole("button", { name: words.panel }).click();
    await ann.getByRole("button", { name: words.open("other") }).click();
    const pane = ann.getByRole("region", { name: words.pane });
    await pane.locator(".coslide-tiles canvas").waitFor();
    await pane.getByRole("button", { name: words.linked }).waitFor();

    /** Both views, as a link tells them. */
    const views = async () => {
      await ann.waitForTimeout(400);
      await ann.getByRole("button", { name: words.share }).click();
      return until("a link", () => ann.evaluate(() => Object.fromEntries(new URLSearchParams(window.location.search))));
    };
    const drag = async (locator, dx, dy) => {
      const box = await locator.boundingBox();
      const [x, y] = [box.x + box.width / 2, box.y + box.height * 0.6];
      await ann.mouse.move(x, y);
      await ann.mouse.down();
      await ann.mouse.move(x + dx, y + dy, { steps: 6 });
      await ann.waitForTimeout(150);
      await ann.mouse.up();
    };
    const main = ann.locator("main [data-testid=viewer]").first();
    const second = pane.getByTestId("viewer");
    const told = { steps: {} };
    const step = async (name) => (told.steps[name] = await views());
    await step("beginning");
    await drag(main, -90, 60);
    await step("mainDragged");
    await main.hover();
    await ann.mouse.wheel(0, -240);
    await step("mainZoomed");
    await drag(second, 50, -40);
    await step("secondDragged");

    // An offset of her own.
    await pane.getByRole("button", { name: words.linked }).click();
    await drag(second, 70, 30);
    await step("apart");
    await pane.getByRole("button", { name: words.here }).click();
    await step("linkedHere");
    await drag(main, 30, 80);
    await step("offset");

    // What Ben draws on the other slide is seen at once.
    const inked = () => ann.evaluate(() => {
      const canvas = [...document.querySelectorAll("section .coslide-annotations canvas, section canvas.coslide-annotations")].at(-1);
      if (!canvas) return 0;
      const copy = document.createElement("canvas");
      [copy.width, copy.height] = [canvas.width, canvas.height];
      const context = copy.getContext("2d");
      context.drawImage(canvas, 0, 0);
      const { data } = context.getImageData(0, 0, copy.width, copy.height);
      let count = 0;
      for (let at = 3; at < data.length; at += 4) if (data[at] > 0) count++;
      return count;
    });
    told.inkedBefore = await inked();
    const { wx, wy } = told.steps.offset;
    const [x, y, r] = [Number(wx), Number(wy), 60];
    const ring = [[x - r, y - r], [x + r, y - r], [x + r, y + r], [x - r, y + r], [x - r, y - r]];
    const create = { id: crypto.randomUUID(), kind: "POLYGON", geometry: { type: "Polygon", coordinates: [ring] } };
    const input = { slideId: otherId, clientId: crypto.randomUUID(), mutationId: "1", ops: [{ create }] };
    told.drawn = (await ask(ben, DRAW, { input })).applyAnnotationOps;
    await until("Ben's outline on the second slide", async () => (await inked()) > 500);
    await checkAccess(ann, `beside-${language}`);
    await shot(ann, `beside-${language}-${theme}`);

    // The link reopens both, and the offset stays.
    const link = await ann.evaluate(() => navigator.clipboard.readText());
    await ann.goto(`${given.url}/`);
    await ann.goto(link);
    await pane.locator(".coslide-tiles canvas").waitFor();
    await step("reopened");
    await drag(main, -40, -20);
    await step("reopenedDragged");
    await pane.getByRole("button", { name: words.close }).click();
    await until("one slide again", async () => (await pane.count()) === 0);
    told.alone = await views();
    told.otherId = otherId;
    seen.looks[language] = told;
    await ann.context().close();
    await ben.context().close();
  }
});
