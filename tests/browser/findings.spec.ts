/** The page of what costs: the findings of all functions. */

import { expect, type Page, test } from "@playwright/test";

import { type FakeServer, serveFake } from "./src/fake-server.ts";
import { expectAccessible, watchForProblems } from "./src/watch.ts";

let server: FakeServer;

test.beforeAll(async () => {
  server = await serveFake("full");
});

test.afterAll(() => server.close());

const there = (page: Page) => page.getByRole("table", { name: "What costs" }).locator("tbody tr");
const over = (page: Page) => page.getByRole("table", { name: "What is over" }).locator("tbody tr");

test("what costs is ranked over all functions, and what is over is folded", async ({ page }) => {
  const problems = watchForProblems(page);
  await page.goto(server.url);
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Findings" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "What costs" })).toBeVisible();
  await expect(there(page)).toHaveCount(8);
  await expect(page.getByText("8 findings of 2 functions, together up to $10.12 a month. They overlap")).toBeVisible();
  const first = there(page).first();
  await expect(first).toContainText("Version 42 fails more often");
  await expect(first).toContainText("2.1 % fewer failures");
  await expect(first).toContainText("medium");
  await expect(first, "since when").toContainText("3 d ago");

  await expect(over(page)).toBeHidden();
  await page.getByText("1 that is over").click();
  await expect(over(page)).toContainText("Tried again");
  await expectAccessible(page);
  expect(problems()).toEqual([]);
});

test("findings are walked through by key, opened, and found again", async ({ page }) => {
  await page.goto(`${server.url}/findings`);
  await expect(there(page)).toHaveCount(8);
  await page.keyboard.press("G");
  const last = there(page).last().locator("a[data-row]");
  await expect(last, "what is folded is passed by").toBeFocused();
  await page.keyboard.press("k");
  await page.keyboard.press("j");
  await expect(last).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page, "as long as findings are told of").toHaveURL(/\/functions\/checkout\?range=24h$/);
  await expect(page.getByRole("heading", { level: 1, name: "checkout" })).toBeVisible();
  await page.goBack();
  await expect(last, "the row that was left, not the first of its function").toBeFocused();
});

test("findings are narrowed down by function, and the address keeps that", async ({ page }) => {
  await page.goto(`${server.url}/findings`);
  await expect(there(page)).toHaveCount(8);
  await page.keyboard.press("/");
  await page.keyboard.type("INVENT");
  await expect(there(page)).toHaveCount(1);
  await expect(page).toHaveURL(/name=INVENT$/);
  await page.keyboard.type("x");
  await expect(page.getByRole("heading", { name: "Nothing was found about such a function" })).toBeVisible();
  await page.goto(`${server.url}/findings?name=mailer`);
  await expect(page.getByText("Nothing costs more than it should any more.")).toBeVisible();
  await expect(page.getByText("1 that is over")).toBeVisible();
});

test("an example is an invocation, though the row leads to the function", async ({ page }) => {
  await page.goto(`${server.url}/findings`);
  await there(page).filter({ hasText: "Runs into its time limit" }).locator(".examples a").click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Ran into its time limit after 3 s");
});
