/** What comparing pages with pictures rests on: the fonts, the clock, the browser that they were made with; and that it tells. */

import { expect, type Page, test } from "@playwright/test";

import { hasSystemFonts } from "./src/chromium.ts";
import { type FakeServer, serveFake } from "./src/fake-server.ts";
import { expectPicture, LOOKS, majorVersion, picturesVersion, STILL } from "./src/looks.ts";
import { expectAccessible } from "./src/watch.ts";

let server: FakeServer;

test.beforeAll(async () => {
  server = await serveFake("full", { still: STILL });
});

test.afterAll(() => server.close());

test.beforeEach(({ page }) => page.clock.setFixedTime(STILL));

const desk = LOOKS.find(look => look.name === "light-1280");
const rows = (page: Page) => page.locator("tbody tr");

async function openErrors(page: Page): Promise<void> {
  await page.goto(`${server.url}/errors`);
  await expect(rows(page).first()).toBeVisible();
}

const isCompared = (page: Page): boolean => !hasSystemFonts && majorVersion(page) === picturesVersion();

/** Letters and curves are drawn a little otherwise by another version: nothing is wrong then, and nothing is checked. */
test("pages are compared with pictures of this Chromium", ({ page }) => {
  const told = hasSystemFonts
    ? "NO page was compared with its picture: they are written with the system's fonts."
    : `NO page was compared with its picture: this is Chromium ${majorVersion(page)}, the pictures are of ${picturesVersion()}. ` +
      "Look at the pages, then renew all with `npx playwright test --update-snapshots` in tests/browser.";
  // A test that is skipped doesn't say why.
  if (!isCompared(page)) process.stderr.write(`${told}\n`);
  test.skip(!isCompared(page), told);
});

test.describe("on a desk", () => {
  test.use({ viewport: desk?.viewport ?? null, colorScheme: "light" });

  const changes = [
    ["a colour that is a little otherwise", ":root { --muted: #566270; }"],
    ["a column that stands two pixels aside", ".table td:nth-child(2) { position: relative; left: 2px; }"],
    ["a line that is gone", "tbody td { border-color: transparent !important; }"],
    ["letters that are larger by a pixel", ".table th { font-size: 12px !important; }"],
  ] as const;
  for (const [name, css] of changes) {
    test(`${name} is told`, async ({ page }) => {
      test.skip(!isCompared(page), "there is no picture to compare with");
      await openErrors(page);
      await expectPicture(page, "errors-light-1280");
      await page.evaluate(css => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(css);
        document.adoptedStyleSheets = [sheet];
      }, css);
      await expect(page).not.toHaveScreenshot("errors-light-1280.png");
    });
  }

  test("a page that was loaded at its size is as one that took it", async ({ page }) => {
    for (const [path, name] of [
      ["/", "overview"],
      ["/errors", "errors"],
      ["/functions/checkout", "function"],
      ["/map?view=map", "map"],
      ["/cold-starts", "cold-starts"],
    ]) {
      await page.goto(`${server.url}${path}`);
      await expectPicture(page, `${name}-light-1280`);
    }
  });
});

test("every letter is of the tests' own fonts", async ({ page }) => {
  test.skip(hasSystemFonts, "the system's are wanted");
  await openErrors(page);
  const session = await page.context().newCDPSession(page);
  await session.send("DOM.enable");
  await session.send("CSS.enable");
  const { root } = await session.send("DOM.getDocument");
  const { nodeIds } = await session.send("DOM.querySelectorAll", { nodeId: root.nodeId, selector: "body *" });
  const families = new Set<string>();
  for (const nodeId of nodeIds) {
    const { fonts } = await session.send("CSS.getPlatformFontsForNode", { nodeId });
    for (const { familyName } of fonts) families.add(familyName);
  }
  expect([...families].sort()).toEqual(["DejaVu Sans", "DejaVu Sans Mono"]);
});

test("the clock stands, in a known place", async ({ page }) => {
  await openErrors(page);
  const seen = await page.evaluate(() => ({
    now: Date.now(),
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    language: navigator.language,
    scale: devicePixelRatio,
  }));
  expect(seen).toEqual({ now: STILL, zone: "UTC", language: "en-US", scale: 1 });
});

test("axe leaves the page's content security policy as it was", async ({ page }) => {
  await openErrors(page);
  await expectAccessible(page);
  const isRun = await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.isRun = true";
    document.body.append(script);
    return "isRun" in window;
  });
  expect(isRun, "what stands in the page is not run").toBe(false);
});
