/** In which order invocations are listed: by time, by length, those that failed first, by cost. */

import { expect, type Page, test } from "@playwright/test";

import { type FakeServer, serveFake } from "./src/fake-server.ts";
import { LOOKS } from "./src/looks.ts";
import { expectAccessible, watchForProblems } from "./src/watch.ts";

let server: FakeServer;

test.beforeAll(async () => {
  server = await serveFake("full");
});

test.afterAll(() => server.close());

const table = (page: Page) => page.getByRole("table", { name: "Invocations" });
const order = (page: Page) => page.getByRole("combobox", { name: "Order" });

for (const look of LOOKS) {
  test(`${look.name}: the dearest and those that failed come first, and the address says so`, async ({ page }) => {
    const problems = watchForProblems(page);
    await page.setViewportSize(look.viewport);
    await page.emulateMedia({ colorScheme: look.theme });
    await page.goto(`${server.url}/invocations`);
    await expect(table(page)).toBeVisible();
    await order(page).selectOption("failed first");
    await expect(page).toHaveURL(/sort=errors/);
    await expect(table(page).locator("tbody tr").first()).not.toContainText("ok");
    await order(page).selectOption("dearest first");
    await expect(page).toHaveURL(/sort=cost/);
    const costs = table(page).getByText(/^\$/);
    await expect(costs.first()).toBeVisible();
    const told = (await costs.allTextContents()).map(text => Number(text.replace(/[$,]/g, "")));
    expect(told.length).toBeGreaterThan(50);
    expect(told).toEqual(told.toSorted((left, right) => right - left));
    const body = page.locator("body");
    expect(await body.evaluate(one => one.scrollWidth - one.clientWidth), "nothing sticks out").toBe(0);
    await page.reload();
    await expect(order(page)).toHaveValue("cost");
    await order(page).selectOption("newest first");
    await expect(page).not.toHaveURL(/sort=/);
    await expectAccessible(page);
    expect(problems()).toEqual([]);
  });
}
