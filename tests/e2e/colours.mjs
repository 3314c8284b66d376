// A slide with a colour profile: what was fetched, and the colour in the middle of the screen.
import { given, person, project, seen, shot, tell } from "./browser.mjs";

await tell(async () => {
  const page = await person("Ann");
  const { slideId } = await project(page);
  let profiles = 0;
  let tiles = 0;
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.endsWith("/icc")) profiles += 1;
    if (pathname.includes("/tiles/")) tiles += 1;
  });
  await page.goto(`${given.url}/s/${slideId}`);
  const canvas = page.locator(".coslide-tiles canvas, canvas.coslide-tiles").first();
  await canvas.waitFor();
  /** The colour at a canvas's middle once tiles are drawn there, opaque. */
  const pixel = await page.waitForFunction(() => {
    const drawn = document.querySelector(".coslide-tiles canvas, canvas.coslide-tiles");
    const data = drawn?.getContext("2d")?.getImageData(drawn.width >> 1, drawn.height >> 1, 1, 1).data;
    return data && data[3] === 255 ? [...data.subarray(0, 3)] : null;
  });
  await shot(page, `profile-${given.profile}`);
  Object.assign(seen, { pixel: await pixel.jsonValue(), profiles, tiles });
});
