/** Everything can be done without a mouse. */

import { expect, test } from "@playwright/test";

import { type FakeServer, serveFake } from "./src/fake-server.ts";
import { currentSpan, details, grid, openRow } from "./src/walk.ts";
import { watchForProblems } from "./src/watch.ts";

let server: FakeServer;

test.beforeAll(async () => {
  server = await serveFake("full");
});

test.afterAll(() => server.close());

test("from the functions to a span and back", async ({ page }) => {
  const problems = watchForProblems(page);
  await page.goto(server.url);
  await openRow(page, "checkout");
  await expect(page).toHaveURL(/\/functions\/checkout$/);
  await openRow(page, "PaymentDeclined");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Failed after 371 ms (PaymentDeclined)");

  await page.keyboard.press("j");
  await expect(currentSpan(page)).toContainText("checkout");
  await expect(grid(page)).toBeFocused();
  await page.keyboard.press("j");
  await expect(currentSpan(page)).toContainText("app.handler");

  await page.keyboard.press("Enter");
  await expect(details(page)).toBeFocused();
  await expect(details(page)).toContainText("insufficient funds");
  await page.keyboard.press("Escape");
  await expect(details(page)).toBeHidden();
  await expect(grid(page)).toBeFocused();
  await expect(page, "the span is in the URL").toHaveURL(/span=[0-9a-f]{16}/);

  await page.keyboard.press("u");
  await expect(page).toHaveURL(/\/functions\/checkout$/);
  await expect(
    page.locator("tr", { hasText: "PaymentDeclined" }).first().locator("a"),
    "the row that was left",
  ).toBeFocused();
  await page.keyboard.press("g");
  await page.keyboard.press("f");
  await expect(page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
  expect(problems()).toEqual([]);
});

test("through the spans of a trace", async ({ page }) => {
  await page.goto(`${server.url}/invocations?start=cold`);
  await openRow(page, "1.24");
  await expect(grid(page)).toBeVisible();
  const rows = grid(page).getByRole("row");
  const all = await rows.count();

  await page.keyboard.press("c");
  await expect(currentSpan(page), "the first that the whole waited for").toContainText("extensions' init");
  await page.keyboard.press("h");
  await expect(currentSpan(page), "to its parent").toContainText(/^init/);
  await page.keyboard.press("h");
  await expect(currentSpan(page)).toHaveAttribute("aria-expanded", "false");
  await expect(rows).toHaveCount(all - 2);
  await page.keyboard.press("l");
  await expect(rows).toHaveCount(all);

  await page.keyboard.press("/");
  await expect(page.getByRole("searchbox", { name: "Find in spans" })).toBeFocused();
  await page.keyboard.type("stock");
  await expect(page.locator(".waterfall-tools output")).toContainText("3");
  await page.keyboard.press("Enter");
  await page.keyboard.press("n");
  await expect(currentSpan(page)).toContainText("SELECT stock");
  await page.keyboard.press("n");
  await page.keyboard.press("z");
  await expect(page).toHaveURL(/time=\d+-\d+/);
  const link = page.url();
  await page.keyboard.press("0");
  await expect(page).not.toHaveURL(/time=/);

  await page.goto(link);
  await expect(currentSpan(page), "a link leads to the same span").toContainText("SELECT stock");
  await expect(page.getByRole("button", { name: "See the whole" })).toBeVisible();
});

test("the theme is chosen and kept", async ({ page }) => {
  await page.goto(server.url);
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await ground();
  await page.keyboard.press("t");
  expect(await ground(), "dark comes after what the system says").not.toBe(light);
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  expect(await ground()).not.toBe(light);
});

test("a list says how much of it is shown and gets the rest", async ({ page }) => {
  await page.goto(`${server.url}/invocations`);
  await expect(page.getByText("100 of 247 invocations")).toBeVisible();
  await page.keyboard.press("m");
  await expect(page.getByText("200 of 247 invocations")).toBeVisible();
  await page.keyboard.press("m");
  await expect(page.getByText("247 of 247 invocations")).toBeVisible();
  await expect(page.getByRole("button", { name: "Show more" })).toBeHidden();
});
