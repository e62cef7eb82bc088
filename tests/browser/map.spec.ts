/** The map: by key, by mouse, as a list, and with more nodes than fit. */

import { expect, type Page, test } from "@playwright/test";

import { crowdedMap } from "../../ui/dev/service-map.ts";
import { type FakeServer, serveFake } from "./src/fake-server.ts";
import { keep, LOOKS } from "./src/looks.ts";
import { openRow } from "./src/walk.ts";
import { expectAccessible, watchForProblems } from "./src/watch.ts";

let server: FakeServer;

test.beforeAll(async () => {
  server = await serveFake("full");
});

test.afterAll(() => server.close());

const node = (page: Page, name: string) => page.getByRole("button", { name: new RegExp(`^${name}, `) });
const panel = (page: Page) => page.getByRole("complementary");

test("arrows lead from node to node, and enter shows one", async ({ page }) => {
  const problems = watchForProblems(page);
  await page.goto(`${server.url}/map`);
  await expect(node(page, "checkout")).toHaveAccessibleName(/; calls inventory, payments.example, receipts$/);
  await node(page, "storefront").focus();
  await page.keyboard.press("ArrowRight");
  await expect(node(page, "checkout")).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/node=service%3Acheckout/);
  await expect(panel(page)).toContainText("Called by");
  await expect(node(page, "importer")).toHaveClass(/dim/);
  await expect(node(page, "inventory")).not.toHaveClass(/dim/);
  await page.keyboard.press("Escape");
  await expect(panel(page)).toBeHidden();
  await expect(node(page, "importer")).not.toHaveClass(/dim/);
  expect(problems()).toEqual([]);
});

test("it is moved and zoomed, and seen as a whole again", async ({ page }) => {
  await page.goto(`${server.url}/map`);
  const place = async () => (await node(page, "checkout").boundingBox()) ?? { x: 0, y: 0, width: 0 };
  await expect(node(page, "checkout")).toBeVisible();
  const before = await place();
  await page.keyboard.press("+");
  await expect.poll(async () => (await place()).width).toBeGreaterThan(before.width * 1.2);
  const larger = await place();
  const window = (await page.locator(".map-window").boundingBox()) ?? { x: 0, y: 0, height: 0 };
  const [x, y] = [window.x + 60, window.y + window.height - 20];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x - 40, y - 40, { steps: 4 });
  await page.mouse.up();
  await expect.poll(async () => Math.round((await place()).x - larger.x)).toBe(-40);
  await expect(panel(page), "what was dragged was not meant").toBeHidden();
  await page.keyboard.press("0");
  await expect.poll(place).toEqual(before);
});

test("the list says the same, and leads to a function", async ({ page }) => {
  await page.goto(`${server.url}/map`);
  await expect(node(page, "checkout")).toBeVisible();
  await page.keyboard.press("v");
  await expect(page).toHaveURL(/view=list/);
  const ways = page.getByRole("table", { name: "Who calls whom" });
  await expect(ways.getByRole("row", { name: /checkout → payments.example/ })).toContainText("642");
  await openRow(page, "checkout");
  await expect(panel(page)).toContainText("payments.example");
  await panel(page).getByRole("link", { name: "Its page" }).click();
  await expect(page).toHaveURL(/\/functions\/checkout$/);
});

test("a name is found", async ({ page }) => {
  await page.goto(`${server.url}/map`);
  await expect(node(page, "checkout")).toBeVisible();
  await page.keyboard.press("/");
  await page.keyboard.type("stock");
  await expect(node(page, "checkout")).toHaveClass(/dim/);
  await page.keyboard.press("Enter");
  await expect(panel(page)).toContainText("postgresql");
});

for (const look of LOOKS.filter(one => !one.phone)) {
  test.describe(look.name, () => {
    test.use({ viewport: look.viewport, colorScheme: look.theme });
    test("some 200 nodes can be seen", async ({ page }) => {
      const crowd = crowdedMap(200);
      await page.route("**/api/v1/map?*", route => route.fulfill({ json: crowd }));
      await page.goto(`${server.url}/map`);
      await expect(page.locator(".map-node")).toHaveCount(crowd.nodes.length);
      await keep(page, `map-crowd-${look.name}`);
      await page.locator(".map-node").nth(40).focus();
      await page.keyboard.press("Enter");
      await expect(panel(page)).toBeVisible();
      await keep(page, `map-crowd-node-${look.name}`);
      await expectAccessible(page);
    });
  });
}
