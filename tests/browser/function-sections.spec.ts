/** The sections of a function's page: the box of the heatmap, starts, calls, alerts, versions, memory and cost, and the way around. */

import { expect, type Locator, type Page, test } from "@playwright/test";

import { type FakeServer, serveFake } from "./src/fake-server.ts";
import { keep, LOOKS } from "./src/looks.ts";
import { expectAccessible, watchForProblems } from "./src/watch.ts";

let server: FakeServer;
let silent: FakeServer;

test.beforeAll(async () => {
  server = await serveFake("full");
  silent = await serveFake("loading");
});

test.afterAll(async () => {
  await server.close();
  await silent.close();
});

const steps = (page: Page) => page.getByRole("slider", { name: "Steps of time" });
const time = (page: Page) => page.getByRole("region", { name: "Over time" });
const section = (page: Page, name: string) => page.getByRole("region", { name, exact: true });
const list = (page: Page) => page.getByRole("table", { name: "Invocations" });
const parameters = (page: Page) => new URL(page.url()).searchParams;

async function placeOf(locator: Locator): Promise<{ x: number; y: number; width: number; height: number }> {
  await locator.scrollIntoViewIfNeeded();
  const box = await locator.boundingBox();
  if (box === null) throw new Error("it has a place");
  return box;
}

/** How many the bar says are in the box. */
async function countTold(page: Page): Promise<number> {
  const told = await time(page)
    .getByText(/^\d+\u00a0invocations? in the box$/)
    .textContent();
  return Number.parseInt(told ?? "", 10);
}

test("a box that is drawn with the mouse is listed, as many as it told, and back undoes it", async ({ page }) => {
  const problems = watchForProblems(page);
  await page.goto(`${server.url}/functions/checkout?chart=heatmap`);
  const place = await placeOf(steps(page));
  await page.mouse.move(place.x + place.width * 0.2, place.y + 20);
  await page.mouse.down();
  await page.mouse.move(place.x + place.width * 0.8, place.y + 120, { steps: 5 });
  await page.mouse.up();
  const count = await countTold(page);
  expect(count).toBeGreaterThan(0);
  await time(page).getByRole("button", { name: "Show invocations" }).click();
  await expect(page).toHaveURL(/after=\d+&before=\d+.*#invocations$/);
  const { min, max } = Object.fromEntries(parameters(page));
  expect(BigInt(min ?? "0")).toBeLessThan(BigInt(max ?? "0"));
  await expect(list(page).getByRole("row")).toHaveCount(count + 1);
  await expect(page.locator(".step-compared"), "the chart shows it").toHaveCount(1);
  await expect(page.getByRole("heading", { name: "Invocations", exact: true })).toBeInViewport();
  await page.getByRole("button", { name: /^Take away: \d\d:\d\d/ }).click();
  await expect(page).not.toHaveURL(/after=/);
  await page.goBack();
  await page.goBack();
  await expect(page).toHaveURL(/\?chart=heatmap$/);
  expect(problems()).toEqual([]);
});

test("a box that is drawn by key is compared with the rest", async ({ page }) => {
  await page.goto(`${server.url}/functions/checkout?chart=heatmap`);
  await expect(steps(page)).toBeVisible();
  await page.keyboard.press("c");
  await page.keyboard.press("ArrowUp");
  for (let pressed = 0; pressed < 8; pressed++) await page.keyboard.press("Shift+ArrowUp");
  for (let pressed = 0; pressed < 30; pressed++) await page.keyboard.press("Shift+ArrowLeft");
  await expect(steps(page)).toHaveAttribute("aria-valuetext", /^\d+\u00a0invocations? in the box, \d\d:\d\d – /);
  const answered = page.waitForResponse(/compare\?.*since=\d+&until=\d+&min_duration=\d+&max_duration=\d+/);
  await page.keyboard.press("w");
  await answered;
  await expect(page).toHaveURL(/why=stretch&since=\d+&until=\d+&shortest=\d+&longest=\d+$/);
  const why = section(page, "Why is this different?");
  await expect(why.getByRole("button", { name: /^\d\d:\d\d – \d\d:\d\d, .* – / })).toHaveAttribute(
    "aria-pressed",
    "true",
  );
  await expect(why).toContainText(/these\d+\u00a0invocations?/);
  await page.reload();
  await expect(why).toContainText(/these\d+\u00a0invocations?/);
});

test("escape lets a box go, and what is pointed at is listed by key as well", async ({ page }) => {
  await page.goto(`${server.url}/functions/checkout?chart=heatmap`);
  await expect(steps(page)).toBeVisible();
  await page.keyboard.press("c");
  await page.keyboard.press("Shift+ArrowLeft");
  await expect(time(page).getByRole("button", { name: "Show invocations" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(time(page).getByRole("button", { name: "Show invocations" })).toBeHidden();
  await page.keyboard.press("i");
  await expect(page, "a step of all lengths").toHaveURL(/after=\d+&before=\d+#invocations$/);
});

test("those that failed stand in the heatmap one by one, the latest where there are too many", async ({ page }) => {
  await page.goto(`${server.url}/functions/checkout?chart=heatmap`);
  await expect(time(page).locator(".legend").getByText("failed", { exact: true })).toHaveCount(2);
  await page.route("**/invocations?*limit=500*", async route => {
    const answer = await route.fetch();
    await route.fulfill({ json: { ...(await answer.json()), total: 1_234 } });
  });
  await page.reload();
  await expect(time(page)).toContainText(/failed, the latest \d of 1,234/);
});

test("a version that came in the range is marked on the chart, and is compared and listed by a click", async ({
  page,
}) => {
  await page.goto(`${server.url}/functions/checkout`);
  await expect(page.locator(".release")).toHaveText(["42"]);
  const versions = section(page, "Versions");
  await versions.getByRole("link", { name: "Compare version 41 with the rest" }).click();
  await expect(page).toHaveURL(/why=version&compared=41#why$/);
  const why = section(page, "Why is this different?");
  await expect(why.getByRole("button", { name: "version 41" })).toHaveAttribute("aria-pressed", "true");
  await expect(why).toContainText(/these\d+\u00a0invocations/);
  await versions.getByRole("link", { name: "List invocations of version 41" }).click();
  await expect(page).toHaveURL(/version=41.*#invocations$/);
  await expect(page.getByRole("button", { name: "Take away: version 41" })).toBeVisible();
});

test("how it starts, whom it calls, its alerts and its memory stand in sections of their own", async ({ page }) => {
  await page.goto(`${server.url}/functions/checkout`);
  const starts = section(page, "How it starts");
  await expect(starts.getByRole("table", { name: "Phases of cold starts" }).getByRole("row")).toHaveCount(4);
  await starts.getByRole("slider", { name: "Cold starts over time" }).focus();
  await page.keyboard.press("End");
  await expect(starts.locator(".step-chart-told")).toContainText(/\d\u00a0cold starts? of \d+\u00a0invocation/);
  await expect(starts.getByRole("link", { name: /by version and memory/ })).toHaveAttribute(
    "href",
    "/cold-starts?function=checkout",
  );

  const calls = section(page, "Calls");
  await expect(calls.getByRole("row", { name: /^payments\.example/ })).toContainText("7\u00a0%");
  await expect(calls.getByRole("link", { name: "inventory" })).toHaveAttribute("href", "/functions/inventory");
  await expect(calls.getByRole("link", { name: "payments.example" })).toHaveAttribute(
    "href",
    "/map?node=external%3Apayments.example",
  );
  await expect(calls.getByRole("table", { name: "It is called by" })).toContainText("storefront");

  const memory = section(page, "Memory and cost");
  await expect(memory).toContainText(/A million invocations\$[\d.]+/);
  await memory.getByRole("slider", { name: "Memory and billed time over time" }).focus();
  await page.keyboard.press("ArrowLeft");
  await expect(memory.locator(".step-chart-told")).toContainText(/at most \d+\u00a0MB used; .* billed for \d+/);

  const alerts = section(page, "Alerts");
  await expect(alerts.getByRole("listitem")).toHaveCount(2);
  await alerts.getByRole("link", { name: "new rule for checkout" }).click();
  await expect(page).toHaveURL(/alerts\/rules\/new\?function=checkout$/);
  await expect(page.getByRole("textbox", { name: "Functions", exact: true })).toHaveValue("checkout");
});

test("what is not there is said: no failure, no start, no alert, one version", async ({ page }) => {
  await page.goto(`${server.url}/functions/importer`);
  await expect(section(page, "How it starts")).toContainText("none waited for a start");
  await expect(section(page, "Errors")).toContainText("Nothing failed in this range.");
  await expect(section(page, "Versions")).toContainText("All invocations of this range are of version $LATEST");
  await page.goto(`${server.url}/functions/mailer`);
  await expect(section(page, "Alerts")).toContainText("Nothing fires now that is about this function alone.");
});

test("a failure of a section is its own", async ({ page }) => {
  const error = { code: "unavailable", message: "The store does not answer." };
  for (const path of ["**/cold-starts?*", "**/map?*", "**/api/v1/alerts"]) {
    await page.route(path, route => route.fulfill({ status: 503, json: { error } }));
  }
  await page.goto(`${server.url}/functions/checkout`);
  for (const name of ["How it starts", "Calls", "Alerts"]) {
    await expect(section(page, name).getByRole("alert")).toContainText("The store does not answer.");
  }
  await expect(list(page)).toBeVisible();
  await page.unroute("**/map?*");
  await section(page, "Calls").getByRole("button", { name: "Try again" }).click();
  await expect(section(page, "Calls").getByRole("table")).toHaveCount(2);
});

test("sections are gone through by key and by link, and say where one is", async ({ page }) => {
  await page.goto(`${server.url}/functions/checkout`);
  await expect(list(page)).toBeVisible();
  const nav = page.getByRole("navigation", { name: "Sections" });
  await expect(nav.getByRole("link", { name: /^Errors/ })).toHaveText("Errors3");
  await nav.getByRole("link", { name: /^Memory/ }).click();
  await expect(section(page, "Memory and cost")).toBeInViewport();
  await expect(nav.locator("[aria-current]")).toHaveText("Memory and cost");
  await expect(nav).toBeInViewport();
  await page.keyboard.press("]");
  await expect(section(page, "Sandboxes")).toBeFocused();
  await expect(nav.locator("[aria-current]")).toHaveText("Sandboxes");
  await page.keyboard.press("[");
  await page.keyboard.press("[");
  await expect(section(page, "Versions")).toBeFocused();
});

test("the list is narrowed down by what is typed, and what is no length is refused", async ({ page }) => {
  await page.goto(`${server.url}/invocations`);
  await expect(list(page)).toBeVisible();
  await page.keyboard.press("f");
  await expect(page.getByRole("textbox", { name: "At least" })).toBeFocused();
  await page.keyboard.type("soon");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText("A length is a number and a unit");
  await page.getByRole("textbox", { name: "At least" }).fill("300ms");
  await page.getByRole("textbox", { name: "At most" }).fill("0.4 s");
  await page.getByRole("textbox", { name: "Type of error" }).fill("PaymentDeclined");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/min=300000000&max=400000000&error=PaymentDeclined$/);
  await expect(list(page).getByRole("row").nth(1)).toContainText("371\u00a0ms");
  await page.reload();
  await page.getByRole("button", { name: "Take away: 300 ms – 400 ms" }).click();
  await expect(page).toHaveURL(/\?error=PaymentDeclined$/);
  await page.goto(`${server.url}/invocations?error=Nobody`);
  await page.getByRole("button", { name: "Take the filters away" }).click();
  await expect(page).toHaveURL(/\/invocations$/);
});

test("nothing jumps while a function's page loads", async ({ page }) => {
  await page.addInitScript(() => {
    const all = window as unknown as { moved: number };
    all.moved = 0;
    new PerformanceObserver(list => {
      for (const entry of list.getEntries()) all.moved += (entry as unknown as { value: number }).value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  await page.goto(`${server.url}/functions/checkout`);
  await expect(list(page)).toBeVisible();
  await expect(section(page, "Calls").getByRole("table")).toHaveCount(2);
  const moved = await page.evaluate(() => (window as unknown as { moved: number }).moved);
  expect(moved, "what counts as good").toBeLessThan(0.1);
});

for (const look of LOOKS) {
  test.describe(look.name, () => {
    test.use({ viewport: look.viewport, colorScheme: look.theme });

    test("a box and the sections can be seen", async ({ page }) => {
      const problems = watchForProblems(page);
      await page.goto(`${server.url}/functions/checkout?chart=heatmap&version=42&min=100000000`);
      await expect(list(page)).toBeVisible();
      await page.keyboard.press("c");
      await page.keyboard.press("ArrowUp");
      for (let pressed = 0; pressed < 9; pressed++) await page.keyboard.press("Shift+ArrowUp");
      for (let pressed = 0; pressed < 20; pressed++) await page.keyboard.press("Shift+ArrowLeft");
      await expect(time(page)).toContainText("in the box");
      await keep(page, `function-box-${look.name}`);
      await section(page, "How it starts").scrollIntoViewIfNeeded();
      await keep(page, `function-starts-${look.name}`);
      await section(page, "Versions").scrollIntoViewIfNeeded();
      await keep(page, `function-versions-${look.name}`);
      await page.keyboard.press("f");
      await expect(page.getByRole("textbox", { name: "At least" })).toBeFocused();
      await keep(page, `function-filter-${look.name}`);
      const sideways = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(sideways, "the page does not scroll sideways").toBe(0);
      if (!look.phone) await expectAccessible(page);
      expect(problems()).toEqual([]);
    });

    test("the sections that wait can be seen", async ({ page }) => {
      await page.goto(`${silent.url}/functions/checkout`);
      await expect(page.getByRole("status", { name: "Loading starts" })).toBeVisible();
      await expect(page.getByRole("status", { name: "Loading versions" })).toBeVisible();
      await keep(page, `function-sections-loading-${look.name}`);
      if (!look.phone) await expectAccessible(page);
    });
  });
}
