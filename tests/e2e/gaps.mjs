// What a prediction had to leave out: said beside the result, crossed out in the overlay.
import { checkAccess, given, openSlide, person, seen, shot, tell } from "./browser.mjs";

await tell(async () => {
  const ann = await person("Ann");
  await openSlide(ann, given.slideId);
  await ann.getByRole("tab", { name: "AI" }).click();
  await ann.getByText("1 part of the slide could not be done and is missing here").waitFor();
  await ann.getByText("Why", { exact: true }).click();
  seen.reason = await ann.getByRole("listitem").filter({ hasText: "damaged" }).textContent();
  await ann.waitForTimeout(500);
  await shot(ann, "gap");
  await checkAccess(ann, "a result with a gap");
  // The middle of the cross: dark on light, drawn by the heatmap's canvas.
  seen.crossed = await ann.evaluate(() => {
    const canvases = [...document.querySelectorAll("canvas")];
    return canvases.some((canvas) => {
      const context = canvas.getContext("2d");
      if (context === null || canvas.width === 0) return false;
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      let dark = 0;
      for (let i = 0; i < data.length; i += 4) if (data[i] === 0x3c && data[i + 1] === 0x39 && data[i + 2] === 0x47) dark++;
      return dark > 200;
    });
  });
});
