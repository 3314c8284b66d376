// Ann adjusts how a slide looks to her, in each language: brightness, contrast, gamma and one stain, live, kept, and reset.
import { ask, checkAccess, openSlide, person, project, seen, shot, tell, until } from "./browser.mjs";

const WORDS = {
  en: { panel: "Picture: brightness, contrast, stains", brightness: "Brightness", contrast: "Contrast", gamma: "Gamma", eosin: "Eosin", reset: "Reset" },
  ko: { panel: "화면 조정: 밝기, 대비, 염색", brightness: "밝기", contrast: "대비", gamma: "감마", eosin: "에오신", reset: "초기화" },
};
const LOOK = "query($id: ID!) { slide(id: $id) { myLook { brightness contrast gamma stain } } }";

await tell(async () => {
  seen.looks = {};
  const ben = await person("Ben");
  for (const [language, theme] of [["en", "dark"], ["ko", "light"]]) {
    const words = WORDS[language];
    const ann = await person(`Ann ${language}`, { locale: language === "ko" ? "ko-KR" : "en-US", theme });
    const { slideId } = await project(ann, { members: { Ben: "VIEWER" } });
    const kept = async (page = ann) => (await ask(page, LOOK, { id: slideId })).slide.myLook;
    await openSlide(ann, slideId);
    // An outline over the tissue: its colours are to stay.
    await ann.mouse.click(480, 700);
    await ann.keyboard.press("r");
    await ann.mouse.move(620, 320);
    await ann.mouse.down();
    await ann.mouse.move(800, 460, { steps: 4 });
    await ann.mouse.up();
    await ann.keyboard.press("Escape");
    const told = { plain: await settled(ann), outline: await pixels(ann, "canvas:not(.coslide-heatmap)", -1) };

    await ann.getByRole("button", { name: words.panel }).click();
    const press = async (handle, key, times) => {
      await ann.getByRole("slider", { name: words[handle] }).focus();
      for (let time = 0; time < times; time++) await ann.keyboard.press(key);
    };
    await press("brightness", "ArrowRight", 5);
    await until("the brightness on the server", async () => Math.abs((await kept()).brightness - 0.1) < 1e-6);
    told.bright = await settled(ann);
    await press("contrast", "ArrowRight", 10);
    await press("gamma", "ArrowLeft", 10);
    await until("the gamma on the server", async () => (await kept()).gamma < 0.73);
    told.toned = { look: await kept(), pixels: await settled(ann) };
    await ann.getByRole("button", { name: words.reset }).click();
    await ann.getByText(words.eosin, { exact: true }).click();
    await until("the stain on the server", async () => (await kept()).stain === "EOSIN");
    told.eosin = { look: await kept(), pixels: await settled(ann) };
    told.outlineAfter = await pixels(ann, "canvas:not(.coslide-heatmap)", -1);
    await checkAccess(ann, `picture-${language}`);
    await shot(ann, `picture-${language}-${theme}`);

    // It is hers, with every browser that she signs in with, and nobody else's.
    await openSlide(ann, slideId);
    told.reloaded = await settled(ann);
    told.others = await kept(ben);
    await ann.getByRole("button", { name: words.reset }).click();
    await until("nothing on the server", async () => (await kept()).stain === "ALL");
    told.reset = await settled(ann);
    seen.looks[language] = told;
    await ann.context().close();
  }
});

/** Red, green and blue of a grid of places on the tiles, once they no longer change. */
async function settled(page) {
  let before = "";
  let unchanged = 0;
  return until("the tiles to come to rest", async () => {
    const now = await pixels(page, ".coslide-tiles canvas", 0);
    const text = JSON.stringify(now);
    unchanged = text === before ? unchanged + 1 : 0;
    before = text;
    return unchanged >= 4 && now;
  });
}

/** Samples of the nth (-1: the last) canvas that the selector finds in the map: 12 x 8 places, RGBA. */
function pixels(page, selector, nth) {
  return page.evaluate(
    ([css, place]) => {
      const canvas = [...document.querySelectorAll(`.coslide-map ${css}`)].at(place);
      const copy = document.createElement("canvas");
      [copy.width, copy.height] = [canvas.width, canvas.height];
      const context = copy.getContext("2d", { willReadFrequently: true });
      context.drawImage(canvas, 0, 0);
      const found = [];
      for (let row = 1; row <= 8; row++)
        for (let column = 1; column <= 12; column++) {
          const at = [Math.floor((canvas.width * column) / 13), Math.floor((canvas.height * row) / 9)];
          found.push([...context.getImageData(...at, 1, 1).data]);
        }
      return found;
    },
    [selector, nth],
  );
}
