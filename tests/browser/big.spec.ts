/** A trace of 20,000 spans: the page holds only what is seen of it. */

import { expect, type Page, test } from "@playwright/test";

import { BIG } from "../../ui/dev/shop.ts";
import { type FakeServer, serveFake } from "./src/fake-server.ts";
import { keep } from "./src/looks.ts";
import { currentSpan, grid } from "./src/walk.ts";

/** Elements in the page: rows that are seen, a margin, and what is around them. */
const MOST_ELEMENTS = 1_500;

let server: FakeServer;

test.beforeAll(async () => {
  server = await serveFake("full");
});

test.afterAll(() => server.close());

test("20,000 spans scroll, and few of them are in the page", async ({ page }) => {
  await page.goto(`${server.url}/functions/importer`);
  await page.getByRole("table", { name: "Invocations" }).locator("tbody a").first().click();
  await expect(grid(page)).toBeVisible();
  await expect(grid(page), "alike siblings stand in one row").toHaveAttribute("aria-rowcount", "3");
  await page.keyboard.press("x");
  const rows = async () => Number(await grid(page).getAttribute("aria-rowcount"));
  await expect.poll(rows).toBeGreaterThan(BIG * 0.99);
  const count = await rows();
  expect(await elements(page)).toBeLessThan(MOST_ELEMENTS);

  const shown = () => grid(page).getByRole("row").first().getAttribute("aria-rowindex");
  const first = await shown();
  await grid(page).hover();
  await page.mouse.wheel(0, 30_000);
  await expect.poll(shown).not.toBe(first);
  await expect.poll(() => coversWhatIsSeen(page), "rows and bars are where the reader looks").toBe(true);
  expect(await elements(page)).toBeLessThan(MOST_ELEMENTS);
  await keep(page, "big-scrolled");

  await page.keyboard.press("End");
  await expect(currentSpan(page)).toHaveAttribute("aria-rowindex", String(count));
  await expect(currentSpan(page)).toBeInViewport();
  await page.keyboard.press("e");
  await expect(currentSpan(page), "the first error, from the end").toContainText("error");
  expect(await elements(page)).toBeLessThan(MOST_ELEMENTS);
});

test("the last span stays in sight in a page that has only just opened", async ({ page }) => {
  await page.goto(`${server.url}/functions/importer`);
  await page.getByRole("table", { name: "Invocations" }).locator("tbody a").first().click();
  await expect(grid(page)).toBeVisible();
  await page.keyboard.press("x");
  await page.keyboard.press("End");
  await expect(page, "the URL follows the cursor").toHaveURL(/span=/);
  // Where the page was scrolled back by it, that happened in the same frame as the cursor's row came.
  await page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))));
  await expect(currentSpan(page)).toBeInViewport();
});

const elements = (page: Page): Promise<number> => page.evaluate(() => document.querySelectorAll("*").length);

/** Whether the canvas covers the part of the grid that is seen. */
function coversWhatIsSeen(page: Page): Promise<boolean> {
  return grid(page).evaluate(element => {
    const seen = element.getBoundingClientRect();
    const bars = element.querySelector("canvas")?.getBoundingClientRect();
    return bars !== undefined && bars.top <= seen.top && bars.bottom >= seen.bottom;
  });
}
