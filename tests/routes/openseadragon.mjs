// Opens a slide in OpenSeadragon, in a real browser; prints the colour in the middle of the picture.
//   node openseadragon.mjs CHROMIUM WEB_FOLDER PAGE_ORIGIN COOKIE SOURCE
import { createRequire } from "node:module";
import { join } from "node:path";

const [chromium, web, origin, cookie, source] = process.argv.slice(2);
const require = createRequire(join(web, "package.json"));
const playwright = require("playwright-core");
const script = require.resolve("openseadragon/build/openseadragon/openseadragon.min.js");
const page_html = `<!doctype html><body style="margin:0"><div id="viewer" style="width:800px;height:600px"></div>
<script src="/osd.js"></script></body>`;

const browser = await playwright.chromium.launch({ executablePath: chromium, args: ["--no-sandbox"] });
try {
  const context = await browser.newContext({ viewport: { width: 800, height: 600 } });
  await context.addCookies([{ name: "coslide", value: cookie, url: origin }]);
  const page = await context.newPage();
  const failures = [];
  page.on("response", (response) => response.status() >= 400 && failures.push(`${response.status()} ${response.url()}`));
  await page.route(`${origin}/osd.html`, (route) => route.fulfill({ contentType: "text/html", body: page_html }));
  await page.route(`${origin}/osd.js`, (route) => route.fulfill({ path: script }));
  await page.goto(`${origin}/osd.html`);
  const seen = await page.evaluate(
    (tileSources) =>
      new Promise((resolve, reject) => {
        const viewer = OpenSeadragon({
          id: "viewer",
          tileSources,
          drawer: "canvas",
          showNavigationControl: false,
          immediateRender: true,
          animationTime: 0,
        });
        viewer.addHandler("open-failed", (event) => reject(new Error(event.message)));
        viewer.addHandler("open", () => {
          const item = viewer.world.getItemAt(0);
          const look = () => {
            if (!item.getFullyLoaded()) return;
            viewer.forceRedraw();
            requestAnimationFrame(() =>
              requestAnimationFrame(() => {
                const canvas = viewer.drawer.canvas;
                const { data } = canvas
                  .getContext("2d")
                  .getImageData(Math.floor(canvas.width / 2), Math.floor(canvas.height / 2), 1, 1);
                const { x, y } = item.getContentSize();
                resolve({ color: [...data], size: [x, y] });
              }),
            );
          };
          item.addHandler("fully-loaded-change", look);
          look();
        });
      }),
    source,
  );
  console.log(JSON.stringify({ ...seen, failures }));
} finally {
  await browser.close();
}
