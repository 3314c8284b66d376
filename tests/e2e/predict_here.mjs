// Ann asks what the model sees in her view, in each language: it is shown at once and stored nowhere; where it can't be, she is told why.
import { ask, checkAccess, given, openSlide, person, project, seen, shot, tell, until, upload } from "./browser.mjs";

const WORDS = {
  en: { ask: "Predict here", shown: /tumor_fast .* sees here/, close: "Take it away", threshold: "Threshold", failed: "The slide's scale is unknown, and the model needs it. Set the slide's mpp first." },
  ko: { ask: "여기만 바로 예측", shown: /tumor_fast .* 모델이 여기서 본 결과/, close: "지우기", threshold: "임계값", failed: "슬라이드의 축척을 몰라 예측할 수 없습니다. 먼저 mpp를 설정하세요." },
};
const STORED = "query($id: ID!) { predictions(slideId: $id) { nodes { id } } annotations(slideId: $id) { nodes { id } } }";

await tell(async () => {
  seen.looks = {};
  for (const [language, theme] of [["en", "dark"], ["ko", "light"]]) {
    const words = WORDS[language];
    const ann = await person(`Ann ${language}`, { locale: language === "ko" ? "ko-KR" : "en-US", theme });
    const { projectId, slideId } = await project(ann, { slide: given.tissue });
    const unscaled = await upload(ann, projectId, given.unscaled);
    await openSlide(ann, slideId);
    const asked = [];
    ann.on("response", (response) => response.url().includes("/probability.png") && asked.push(response));
    await ann.mouse.click(480, 700);
    await ann.keyboard.press("g");
    await ann.getByText(words.shown).waitFor();
    // The words may be there a frame before the picture.
    const told = { painted: await until("the picture to be painted", () => painted(ann)) };
    told.status = asked[0].status();
    told.png = (await (await ann.request.get(asked[0].url())).body()).toString("base64");
    told.place = [asked[0].headers()["coslide-origin"], asked[0].headers()["coslide-downsample"]];
    told.thresholdOfModel = asked[0].headers()["coslide-threshold"];
    await checkAccess(ann, `here-${language}`);
    await shot(ann, `here-${language}-${theme}`);
    // The threshold acts at once: at 1 hardly anything is left.
    await ann.getByRole("tab", { name: "AI" }).click();
    await ann.getByRole("slider", { name: words.threshold }).focus();
    await ann.keyboard.press("End");
    told.atOne = await until("less to be painted", async () => {
      const now = await painted(ann);
      return now < told.painted / 2 && { now };
    });
    await shot(ann, `panel-${language}-${theme}`);
    await ann.getByRole("button", { name: words.close }).click();
    told.after = await until("nothing to be painted", async () => (await painted(ann)) === 0 && "nothing");
    told.stored = await ask(ann, STORED, { id: slideId });

    // By the button, on a slide without a scale.
    await openSlide(ann, unscaled);
    await ann.getByRole("tab", { name: "AI" }).click();
    await ann.getByRole("button", { name: words.ask }).click();
    await ann.getByRole("alert").filter({ hasText: words.failed }).waitFor();
    await checkAccess(ann, `refused-${language}`);
    await shot(ann, `refused-${language}-${theme}`);
    seen.looks[language] = told;
    await ann.context().close();
  }
});

/** How many pixels of the glimpse's canvas are painted, without the thin frame. */
function painted(page) {
  return page.evaluate(() => {
    const canvas = document.querySelector("canvas.coslide-glimpse");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 0 && !(data[at] > 240 && data[at + 1] > 110 && data[at + 1] < 140)) count++;
    return count;
  });
}
