// Newcomers in each language: the tour comes once, by keyboard; skipped it stays away on every device, and the shortcut sheet brings it back.
import { ask, checkAccess, openSlide, person, project, seen, shot, tell, until } from "./browser.mjs";

const WORDS = {
  en: { titles: ["This is your slide", "Your tools", "What an outline means", "Let the model look", "Better together", "All keys on one sheet"], again: "Take the tour", skip: "Skip the tour" },
  ko: { titles: ["여기가 슬라이드입니다", "도구", "윤곽의 뜻", "모델에게 맡기기", "함께 보기", "단축키 한눈에 보기"], again: "둘러보기", skip: "둘러보기 건너뛰기" },
};

await tell(async () => {
  seen.tours = {};
  for (const [language, theme] of [["en", "dark"], ["ko", "light"]]) {
    const words = WORDS[language];
    const options = { locale: language === "ko" ? "ko-KR" : "en-US", theme };
    const name = `Ann ${language}`;
    const ann = await person(name, { ...options, tour: true });
    const { slideId } = await project(ann);
    const toured = async () => (await ask(ann, "{ me { toured } }")).me.toured;
    const card = ann.getByTestId("tour");
    const told = { before: await toured(), titles: [], lit: [] };
    await openSlide(ann, slideId);
    await card.waitFor();
    await checkAccess(ann, `tour-${language}`);
    // Each step has the keyboard and points at something that is there.
    for (const [index, title] of words.titles.entries()) {
      await card.getByRole("heading", { name: title }).waitFor();
      told.titles.push(await card.getByRole("heading").innerText());
      told.lit.push(await ann.evaluate(() => document.activeElement?.dataset.testid === "tour" && document.querySelector("[data-testid=tour]").previousElementSibling.getBoundingClientRect().width > 20));
      await ann.waitForTimeout(250);
      await shot(ann, `tour-${language}-${theme}-${index + 1}`);
      if (index === 2) {
        await ann.keyboard.press("ArrowLeft");
        await card.getByRole("heading", { name: words.titles[1] }).waitFor();
        await ann.keyboard.press("ArrowRight");
        await card.getByRole("heading", { name: title }).waitFor();
      }
      await ann.keyboard.press(index % 2 === 0 ? "ArrowRight" : "Enter");
    }
    await until("the tour to be over", async () => (await card.count()) === 0);
    await until("the server to know", toured);
    await openSlide(ann, slideId);
    await ann.waitForTimeout(600);
    told.again = await card.count();
    // Back from the sheet, and away by Escape.
    await ann.keyboard.press("?");
    await ann.getByRole("button", { name: words.again }).click();
    await card.waitFor();
    await ann.keyboard.press("Escape");
    await until("the tour to be skipped", async () => (await card.count()) === 0);

    // Someone else skips it at once; another browser of theirs knows.
    const ben = await person(`Ben ${language}`, { ...options, tour: true });
    const other = await project(ben);
    await openSlide(ben, other.slideId);
    await ben.getByRole("button", { name: words.skip }).click();
    await until("the skip on the server", async () => (await ask(ben, "{ me { toured } }")).me.toured);
    told.after = await toured();
    seen.tours[language] = told;
    await ann.context().close();
    await ben.context().close();
  }
});
