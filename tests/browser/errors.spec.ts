/** From an error among all functions to an invocation that shows it. */

import { expect, test } from "@playwright/test";

import { type FakeServer, serveFake } from "./src/fake-server.ts";
import { openRow } from "./src/walk.ts";
import { watchForProblems } from "./src/watch.ts";

let server: FakeServer;

test.beforeAll(async () => {
  server = await serveFake("full");
});

test.afterAll(() => server.close());

test("from the errors to an example and back, by key", async ({ page }) => {
  const problems = watchForProblems(page);
  await page.goto(server.url);
  await expect(page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
  await page.keyboard.press("g");
  await page.keyboard.press("e");
  await expect(page.getByText("kinds of error in the last hour")).toBeVisible();
  await openRow(page, "PaymentDeclined");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("PaymentDeclined");
  await expect(page.getByText("In common: card of customer *")).toBeVisible();
  await expect(page.getByRole("region", { name: "Stack" })).toContainText("Traceback");
  await expect(page.getByRole("img", { name: /errors, at most/ })).toBeVisible();

  await openRow(page, "371");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Failed after 371 ms (PaymentDeclined)");
  await page.goBack();
  await page.keyboard.press("u");
  await expect(page.getByRole("link", { name: "PaymentDeclined" }), "the row that was left").toBeFocused();
  expect(problems()).toEqual([]);
});

test("the function, the order and the range are in the URL", async ({ page }) => {
  await page.goto(`${server.url}/errors`);
  await expect(page.getByText("7 of 7 kinds of error")).toBeVisible();
  await page.keyboard.press("/");
  await page.keyboard.type("thumbnails");
  await expect(page.getByText("2 of 2 kinds of error")).toBeVisible();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "seen last" }).click();
  await page.getByRole("button", { name: "6h" }).click();
  await expect(page).toHaveURL(/function=thumbnails&sort=last_seen&range=6h/);
  await page.reload();
  await expect(page.getByRole("searchbox", { name: "Of one function" }).or(page.getByRole("combobox"))).toHaveValue(
    "thumbnails",
  );

  await page.getByRole("link", { name: "Runtime.OutOfMemory" }).click();
  await page.getByRole("link", { name: "What sets the failures of thumbnails apart" }).click();
  await expect(page).toHaveURL(/functions\/thumbnails\?range=6h&why=errors/);
});

test("on a phone the other pages are in a menu", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(server.url);
  const pages = page.getByRole("navigation", { name: "Pages" });
  await expect(pages.getByRole("link", { name: "Errors" })).toBeHidden();
  await pages.getByRole("button", { name: "More pages" }).press("Enter");
  await page.keyboard.press("ArrowDown");
  await expect(pages.getByRole("link", { name: "Findings" })).toBeFocused();
  for (let row = 0; row < 3; row++) await page.keyboard.press("ArrowDown");
  await expect(pages.getByRole("link", { name: "Errors" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(pages.getByRole("link", { name: "Errors" })).toBeHidden();
  await expect(pages.getByRole("button", { name: "More pages" })).toBeFocused();
  await page.keyboard.press("Enter");
  await pages.getByRole("link", { name: "Errors" }).click();
  await expect(page).toHaveURL(/\/errors$/);
  await expect(pages.getByRole("button", { name: "Errors, more pages" })).toHaveAttribute("aria-expanded", "false");
});

for (const width of [320, 390, 761, 1000, 1001]) {
  test(`on ${width} px nothing stands over the bar of pages`, async ({ page }) => {
    await page.setViewportSize({ width, height: 844 });
    await page.goto(`${server.url}/cold-starts`);
    await expect(page.getByText("waited for a cold start").first()).toBeVisible();
    await expect(page.getByRole("link", { name: /Alerts 4/ }), "with all that makes it wide").toBeVisible();
    const overlaps = await page.evaluate(() => {
      const ends = (one: Element) => one.getBoundingClientRect();
      const bar = [...document.querySelectorAll(".top nav > a, .pages-menu > button, .jump .field, .top > .button")];
      const shown = bar.map(ends).filter(({ width }) => width > 0);
      return shown.filter((one, index) => one.right > (shown[index + 1]?.left ?? innerWidth) + 1).length;
    });
    expect(overlaps).toBe(0);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
  });
}
