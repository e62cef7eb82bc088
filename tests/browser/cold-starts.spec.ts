/** The page of cold starts: when, of which phases, by what they depend on, and what to do about them. */

import { expect, type Page, test } from "@playwright/test";

import { type FakeServer, serveFake } from "./src/fake-server.ts";
import { see } from "./src/looks.ts";
import { watchForProblems } from "./src/watch.ts";

let server: FakeServer;

test.beforeAll(async () => {
  server = await serveFake("full");
});

test.afterAll(() => server.close());

const table = (page: Page) => page.getByRole("table", { name: "Cold starts", exact: true });
const firstRow = (page: Page) => table(page).getByRole("row").nth(1);

test("they are put together by what they depend on, in an order, and the address keeps both", async ({ page }) => {
  const problems = watchForProblems(page);
  await page.goto(`${server.url}/cold-starts`);
  await expect(firstRow(page), "those with the greatest share first").toContainText(/^thumbnails\$LATESTnodejs22\.x/);
  await table(page).getByRole("button", { name: "Init p50" }).click();
  await expect(firstRow(page)).toContainText("812\u00a0ms");
  await page.getByRole("button", { name: "memory", exact: true }).click();
  await expect(page).toHaveURL(/sort=p50&by=memory$/);
  await page.reload();
  await expect(table(page).getByRole("row", { name: /^128 MB/ })).toContainText(
    /2\u00a0functions.*268\u00a0ms – 402\u00a0ms/,
  );
  await page.goBack();
  await page.goBack();
  await expect(page).toHaveURL(/\/cold-starts$/);
  expect(problems()).toEqual([]);
});

test("steps are walked through by key, and phases are told", async ({ page }) => {
  await page.goto(`${server.url}/cold-starts`);
  const steps = page.getByRole("slider", { name: "Cold starts over time" });
  await steps.focus();
  await page.keyboard.press("End");
  await expect(steps).toHaveAttribute(
    "aria-valuetext",
    /^\d\d:\d\d – \d\d:\d\d: \d\u00a0cold starts? of \d+\u00a0invocations? \(\d+\u00a0%\)/,
  );
  const last = await steps.getAttribute("aria-valuetext");
  await page.keyboard.press("ArrowLeft");
  await expect(steps).not.toHaveAttribute("aria-valuetext", last ?? "");
  await expect(page.getByRole("row", { name: /^extension init/ })).toContainText("41.0\u00a0ms");
});

test("of one function they are told alone, and it leads to what sets them apart", async ({ page }) => {
  await page.goto(`${server.url}/cold-starts`);
  await expect(table(page)).toBeVisible();
  await page.keyboard.press("/");
  await page.keyboard.type("checkout");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/function=checkout$/);
  await expect(table(page).getByRole("row")).toHaveCount(3);
  await expect(page.getByRole("link", { name: "All that waited" })).toHaveAttribute(
    "href",
    "/functions/checkout?start=cold#invocations",
  );
  await table(page).getByRole("link", { name: "checkout" }).first().click();
  await expect(page).toHaveURL(/functions\/checkout\?why=cold#starts$/);
  await page.goto(`${server.url}/cold-starts?function=importer`);
  await expect(page.getByRole("heading", { name: /Nothing of importer waited for a cold start/ })).toBeVisible();
});

test("what to do about them is what was told of functions", async ({ page }) => {
  await page.goto(`${server.url}/cold-starts`);
  const advice = page.getByRole("region", { name: "What to do about them" });
  await expect(advice.getByRole("listitem").first()).toContainText("402\u00a0ms less at p95checkout: Cold starts");
  await page.goto(`${server.url}/cold-starts?function=mailer`);
  await expect(advice).toContainText("Nothing was told of cold starts in the last day");
});

test("they can be seen by function", async ({ page }) => {
  const problems = watchForProblems(page);
  await see(page, {
    name: "cold-starts-by-function",
    open: async () => {
      await page.goto(`${server.url}/cold-starts?by=function`);
      await expect(firstRow(page)).toBeVisible();
      await page.getByRole("slider", { name: "Cold starts over time" }).focus();
      await page.keyboard.press("End");
    },
  });
  expect(problems()).toEqual([]);
});
