/** The wheel above a waterfall: with ctrl it zooms at the pointer, with shift it moves through time, else it scrolls the rows. */

import { expect, type Page, test } from "@playwright/test";

import { type FakeServer, serveFake } from "./src/fake-server.ts";
import { grid } from "./src/walk.ts";
import { watchForProblems } from "./src/watch.ts";

let server: FakeServer;

test.beforeAll(async () => {
  server = await serveFake("full");
});

test.afterAll(() => server.close());

interface Seen {
  readonly from: number;
  readonly to: number;
}

/** The stretch of time that is in the address. */
async function seen(page: Page): Promise<Seen> {
  await expect(page).toHaveURL(/time=\d+-\d+/);
  const [from = 0, to = 0] = (new URL(page.url()).searchParams.get("time") ?? "").split("-").map(Number);
  return { from, to };
}

/** Waits until the address has another stretch than this, and says which. */
async function seenAfter(page: Page, before: Seen): Promise<Seen> {
  await expect(page).not.toHaveURL(new RegExp(`time=${before.from}-${before.to}`));
  return seen(page);
}

test("with ctrl the wheel looks closer where the pointer is, with shift it goes on from there", async ({ page }) => {
  const problems = watchForProblems(page);
  await page.setViewportSize({ width: 1280, height: 860 });
  await page.goto(`${server.url}/invocations?start=cold`);
  await page.getByRole("row", { name: "checkout" }).getByRole("link").first().click();
  await expect(grid(page)).toBeVisible();
  await grid(page).scrollIntoViewIfNeeded();
  const bars = await page.locator("canvas.bars").boundingBox();
  const list = await grid(page).boundingBox();
  if (bars === null || list === null) throw new Error("the bars are there");
  // A quarter of the way along.
  await page.mouse.move(bars.x + bars.width / 4, list.y + 60);
  const top = await page.evaluate(() => window.scrollY);
  await page.keyboard.down("Control");
  await page.mouse.wheel(0, -500);
  const closer = await seen(page);
  const length = (closer.to - closer.from) * Math.exp(500 * 0.0022);
  expect((closer.from + (closer.to - closer.from) / 4) / length, "what is under the pointer stays").toBeCloseTo(
    0.25,
    2,
  );
  await page.mouse.wheel(0, -100);
  const closest = await seenAfter(page, closer);
  expect(closest.to - closest.from).toBeLessThan(closer.to - closer.from);
  await page.keyboard.up("Control");

  await page.keyboard.down("Shift");
  await page.mouse.wheel(0, 100);
  const later = await seenAfter(page, closest);
  await page.keyboard.up("Shift");
  const width = closest.to - closest.from;
  expect(Math.abs(later.to - later.from - width), "as wide as before").toBeLessThan(width / 1_000);
  expect((later.from - closest.from) / width, "by as much as was turned").toBeCloseTo(100 / bars.width, 2);
  await page.mouse.wheel(-100, 0);
  const back = await seenAfter(page, later);
  expect(Math.abs(back.from - closest.from)).toBeLessThan(width / 100);
  expect(await page.evaluate(() => window.scrollY), "the page stays where it is").toBe(top);

  await page.keyboard.down("Control");
  await page.mouse.wheel(0, 3_000);
  await page.keyboard.up("Control");
  await expect(page, "the whole again").not.toHaveURL(/time=/);
  await page.mouse.wheel(0, 200);
  await expect.poll(() => page.evaluate(() => window.scrollY), "without a key the page scrolls").not.toBe(top);
  expect(problems()).toEqual([]);
});
