/** The page of a function: what costs, over time, and the way from there to the invocations themselves. */

import { expect, type Page, test } from "@playwright/test";

import { crowd } from "../../ui/dev/sandboxes.ts";
import { type FakeServer, serveFake } from "./src/fake-server.ts";
import { see } from "./src/looks.ts";
import { expectAccessible, watchForProblems } from "./src/watch.ts";

let server: FakeServer;

test.beforeAll(async () => {
  server = await serveFake("full");
});

test.afterAll(() => server.close());

const costs = (page: Page) => page.getByRole("region", { name: "What costs here" });
const steps = (page: Page) => page.getByRole("slider", { name: "Steps of time" });
const why = (page: Page) => page.getByRole("region", { name: "Why is this different?" });
const sandboxes = (page: Page) => page.getByRole("region", { name: "Sandboxes" });
const spent = (page: Page) => page.getByRole("region", { name: "Where the time goes" });
const lives = (page: Page) => sandboxes(page).getByRole("link", { name: /^Sandbox / });
const finding = (page: Page, title: string) => costs(page).getByRole("listitem").filter({ hasText: title });

test("what costs is told in the order of the API, and the smaller ones are folded", async ({ page }) => {
  const problems = watchForProblems(page);
  await page.goto(`${server.url}/functions/checkout`);
  const titles = costs(page).getByRole("heading", { level: 3 });
  await expect(titles.first()).toHaveText("Runs into its time limit");
  await expect(titles.filter({ visible: true })).toHaveCount(5);
  const first = finding(page, "Runs into its time limit");
  await expect(first).toContainText("0.95\u00a0% fewer failures");
  await expect(first).toContainText("1.94\u00a0s less at p99");
  await expect(first).toContainText("$0.840 less a month");
  await expect(first).toContainText("seen in1\u00a0invocation");

  await costs(page).getByText("2\u00a0smaller ones").click();
  await expect(titles.filter({ visible: true })).toHaveCount(7);
  await expect(finding(page, "Calls itself")).toContainText("low");
  expect(problems()).toEqual([]);
});

test("from what costs to the invocations that show it, by key", async ({ page }) => {
  await page.goto(`${server.url}/functions/checkout?range=6h&chart=heatmap`);
  await expect(finding(page, "Cold starts")).toBeVisible();
  for (let pressed = 0; pressed < 3; pressed++) await page.keyboard.press("n");
  await expect(page.getByRole("link", { name: "Invocations that waited for a start" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page, "the range and the chart are kept").toHaveURL(/range=6h&start=cold&chart=heatmap#invocations$/);
  const list = page.getByRole("table", { name: "Invocations" });
  await expect(list.getByText("warm")).toHaveCount(0);
  await expect(page.getByRole("heading", { name: "Invocations" })).toBeInViewport();
  await expect(page.getByRole("button", { name: "cold", exact: true })).toHaveAttribute("aria-pressed", "true");
});

test("an example is an invocation, and says what it cost", async ({ page }) => {
  await page.goto(`${server.url}/functions/checkout`);
  await finding(page, "Runs into its time limit").locator("a", { hasText: "…" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(
    "Ran into its time limit after 3 s, while POST payments had not answered for 2.8 s.",
  );
  await expect(page.locator(".figure", { hasText: "Cost" })).toContainText("$0.0000252");
});

test("a question about traces is one for the search", async ({ page }) => {
  await page.goto(`${server.url}/functions/checkout`);
  const link = finding(page, "The same call 14 times").getByRole("link", { name: "Traces that show it" });
  await expect(finding(page, "The same call 14 times").getByRole("button", { name: "Copy query" })).toBeVisible();
  await expect(link).toHaveAttribute("href", /^\/search\?q=.+/);
  await link.click();
  await expect(page.getByRole("heading", { level: 1, name: "Search" })).toBeVisible();
});

test("the rest of the page does not wait for what costs, and a failure of it is its own", async ({ page }) => {
  let answer = () => {};
  const waited = new Promise<void>(resolve => {
    answer = resolve;
  });
  await page.route("**/findings?*", async route => {
    await waited;
    const error = { code: "unavailable", message: "The store does not answer." };
    await route.fulfill({ status: 503, json: { error } });
  });
  await page.goto(`${server.url}/functions/checkout`);
  await expect(costs(page).getByRole("status", { name: "Loading findings" })).toBeVisible();
  await expect(page.locator(".figure", { hasText: "p99" })).toBeVisible();
  await expect(steps(page)).toBeVisible();
  await expect(page.getByRole("table", { name: "Invocations" })).toBeVisible();

  answer();
  await expect(costs(page).getByRole("alert")).toContainText("The store does not answer.");
  await page.unroute("**/findings?*");
  await costs(page).getByRole("button", { name: "Try again" }).click();
  await expect(finding(page, "Cold starts")).toBeVisible();
});

test("nothing to end is told with what was looked at", async ({ page }) => {
  await page.goto(`${server.url}/functions/mailer`);
  await expect(costs(page).getByRole("heading", { name: "Nothing costs more than it should" })).toBeVisible();
  await expect(costs(page)).toContainText(/\d+\u00a0invocations and \d+\u00a0traces were looked at/);
});

test("steps of time are walked through by key, and some are looked at alone", async ({ page }) => {
  await page.goto(`${server.url}/functions/checkout`);
  await expect(steps(page)).toBeVisible();
  await page.keyboard.press("c");
  await expect(steps(page)).toBeFocused();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  await expect(steps(page)).toHaveAttribute("aria-valuenow", "2");
  await expect(steps(page)).toHaveAttribute("aria-valuetext", /\d\d:\d\d – \d\d:\d\d, \d+\u00a0invocation/);
  for (let pressed = 0; pressed < 9; pressed++) await page.keyboard.press("Shift+ArrowRight");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/from=\d+&to=\d+/);
  const { searchParams } = new URL(page.url());
  const length = BigInt(searchParams.get("to") ?? "0") - BigInt(searchParams.get("from") ?? "0");
  expect(length, "ten steps of a minute").toBe(600_000_000_000n);
  await page.goBack();
  await expect(page).toHaveURL(/\/functions\/checkout$/);
});

test("steps of time are chosen by dragging", async ({ page }) => {
  await page.goto(`${server.url}/functions/checkout`);
  await steps(page).scrollIntoViewIfNeeded();
  const box = await steps(page).boundingBox();
  if (box === null) throw new Error("the chart has a place");
  const height = box.y + box.height / 3;
  await page.mouse.move(box.x + box.width * 0.5, height);
  await expect(page.getByText(/^\d\d:\d\d – \d\d:\d\d$/), "the step that is pointed at").toBeVisible();
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.9, height, { steps: 4 });
  await page.mouse.up();
  await expect(page.getByRole("button", { name: "Compare this stretch with the rest" })).toBeVisible();
  await page.getByRole("button", { name: "Look at them alone" }).click();
  await expect(page).toHaveURL(/from=\d+&to=\d+/);
  await expect(finding(page, "Cold starts")).toBeVisible();
});

test("the kind of chart is kept in the address", async ({ page }) => {
  const problems = watchForProblems(page);
  await page.goto(`${server.url}/functions/checkout`);
  await expect(steps(page)).toBeVisible();
  await page.keyboard.press("h");
  await expect(page).toHaveURL(/chart=heatmap/);
  await page.reload();
  await expect(page.getByRole("button", { name: "heatmap" })).toHaveAttribute("aria-pressed", "true");
  await steps(page).focus();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowUp");
  await expect(steps(page), "a box tells how many are in it").toHaveAttribute("aria-valuetext", /took/);
  await expectAccessible(page);
  expect(problems()).toEqual([]);
});

test("versions, sizes of memory and kinds of start stand beside each other where there are several", async ({
  page,
}) => {
  await page.goto(`${server.url}/functions/checkout`);
  await expect(page.getByRole("table", { name: "Versions" }).getByRole("row")).toHaveCount(3);
  await expect(page.getByRole("table", { name: "Memory sizes" }).getByRole("row")).toHaveCount(3);
  await expect(page.getByRole("table", { name: "Kinds of start" }).getByRole("row")).toHaveCount(3);
  await page.goto(`${server.url}/functions/importer`);
  await expect(page.getByRole("table", { name: "Invocations" })).toBeVisible();
  await expect(page.getByRole("table", { name: "Versions" })).toBeHidden();
  await expect(page.getByRole("table", { name: "Kinds of start" })).toBeHidden();
});

test("why the slowest are different is asked when somebody asks, and stays in the address", async ({ page }) => {
  const problems = watchForProblems(page);
  let asked = 0;
  page.on("request", request => {
    if (request.url().includes("/api/v1/compare?")) asked += 1;
  });
  await page.goto(`${server.url}/functions/checkout`);
  await expect(why(page)).toBeVisible();
  await expect(page.getByRole("table", { name: "Invocations" })).toBeVisible();
  expect(asked).toBe(0);

  await page.keyboard.press("w");
  await expect(page).toHaveURL(/why=slow$/);
  await expect(why(page)).toContainText(/these\d\u00a0invocations, \d+\u00a0ms or longer/);
  await expect(why(page)).toContainText(/the rest\d+\u00a0invocations/);
  const first = why(page).getByRole("row").nth(1);
  await expect(first).toContainText("span.payment.provider = slowpay");
  await expect(first).toContainText(/\d+\u00a0%\d+\u00a0%[\d.]+\u00a0×\d+\u00a0%$/);
  await expect(first.getByText("span.plan absent")).toBeHidden();
  await first.getByText("as are those with 2 others").click();
  await expect(first.getByText("span.plan absent")).toBeVisible();
  await expect(why(page)).toContainText(/only \d were selected/);

  const flame = why(page).getByRole("region", { name: "Where their time went" });
  await expect(flame).toContainText(/checkout [\d.]+\u00a0s, the rest [\d.]+\u00a0ms: [\d.]+\u00a0\w+ longer/);
  await expect(flame.getByRole("listitem").first()).toContainText(/^\+[\d.]+\u00a0msauthorise/);
  await flame.getByRole("button", { name: /^POST payments/ }).hover();
  await expect(flame).toContainText(/POST payments\.acme\.example [\d.]+\u00a0\w+, the rest [\d.]+\u00a0ms: /);

  await why(page).getByRole("button", { name: "failures" }).click();
  await expect(page).toHaveURL(/why=errors$/);
  await page.reload();
  await expect(why(page).getByRole("button", { name: "failures" })).toHaveAttribute("aria-pressed", "true");
  await expect(why(page).getByRole("table")).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press("w");
  await expect(page).toHaveURL(/\/functions\/checkout$/);
  expect(problems()).toEqual([]);
});

test("where their time went is walked through by key, from one place where the tab key stops", async ({ page }) => {
  await page.goto(`${server.url}/functions/checkout?why=slow`);
  const cell = (name: RegExp) => why(page).getByRole("button", { name });
  await expect(cell(/^POST payments/)).toBeVisible();
  await expect(why(page).locator(".flame-cell[tabindex='0']")).toHaveCount(1);
  await cell(/^checkout/).focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await expect(cell(/^POST payments/)).toBeFocused();
  await page.keyboard.press("ArrowRight");
  await expect(cell(/^GetItem orders/)).toBeFocused();
  await expect(why(page).locator(".flame-told")).toContainText("GetItem orders");
  await page.keyboard.press("ArrowUp");
  await expect(cell(/^POST \/orders/)).toBeFocused();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await expect(cell(/^checkout/), "there is nothing above it").toBeFocused();
});

test("a stretch of the chart is compared with the rest of the range", async ({ page }) => {
  await page.goto(`${server.url}/functions/checkout`);
  await expect(steps(page)).toBeVisible();
  await page.keyboard.press("c");
  for (let pressed = 0; pressed < 9; pressed++) await page.keyboard.press("Shift+ArrowLeft");
  const answered = page.waitForResponse(/compare\?.*since=\d+&until=\d+/);
  await page.keyboard.press("w");
  await answered;
  await expect(page).toHaveURL(/why=stretch&since=\d+&until=\d+$/);
  await expect(why(page).getByRole("button", { name: /^\d\d:\d\d – \d\d:\d\d$/ })).toHaveAttribute(
    "aria-pressed",
    "true",
  );
  await expect(why(page)).toContainText(/these\d+\u00a0invocations/);
  await expect(page.locator(".step-compared"), "the chart shows it").toBeVisible();
  await why(page).getByRole("button", { name: "slowest 5 %" }).click();
  await expect(page, "the stretch is forgotten").toHaveURL(/why=slow$/);
});

test("nothing that tells them apart is said, and a failure of the comparison is its own", async ({ page }) => {
  await page.goto(`${server.url}/functions/mailer?why=cold`);
  await expect(why(page)).toContainText("Nothing tells them apart that could not be chance.");

  await page.route("**/compare?*", route =>
    route.fulfill({ status: 503, json: { error: { code: "unavailable", message: "The store does not answer." } } }),
  );
  await page.goto(`${server.url}/functions/checkout?why=version`);
  await expect(why(page).getByRole("alert")).toContainText("The store does not answer.");
  await expect(page.getByRole("table", { name: "Invocations" })).toBeVisible();
  await page.unroute("**/compare?*");
  await why(page).getByRole("button", { name: "Try again" }).click();
  await expect(why(page)).toContainText("the rest");
});

test("where the time goes is told by its largest parts, and each leads to what shows it", async ({ page }) => {
  const problems = watchForProblems(page);
  await page.goto(`${server.url}/functions/checkout?range=6h`);
  const parts = spent(page)
    .getByRole("listitem")
    .filter({ has: page.getByRole("link") });
  await expect(parts.filter({ visible: true })).toHaveCount(8);
  await expect(parts.first()).toContainText(/^\d+\u00a0%.*POST \/chargespayments\.acme\.example$/);
  const traces = parts.first().getByRole("link");
  await expect(traces).toHaveAttribute("href", /^\/search\?.*q=.*POST\+%2Fcharges/);
  await spent(page).getByText("2\u00a0smaller ones").click();
  await expect(parts.filter({ visible: true })).toHaveCount(10);
  await parts.filter({ hasText: "runtime init" }).getByRole("link").click();
  await expect(page, "starts are a list of this page").toHaveURL(/range=6h&start=cold#invocations$/);
  expect(problems()).toEqual([]);
});

test("what a step's time went on is told where it is pointed at, by key as well", async ({ page }) => {
  await page.goto(`${server.url}/functions/checkout?range=6h`);
  const steps = spent(page).getByRole("slider", { name: "On what the time of each step went" });
  await steps.focus();
  await page.keyboard.press("ArrowLeft");
  await expect(steps).toHaveAttribute(
    "aria-valuetext",
    /^\d\d:\d\d – \d\d:\d\d: .*; (.*, )?calls .*, own work .*; .*invocations? looked at$/,
  );
  const told = await steps.getAttribute("aria-valuetext");
  await expect(spent(page)).toContainText(told ?? "");
  await page.keyboard.press("Home");
  await expect(steps).not.toHaveAttribute("aria-valuetext", told ?? "");
});

test("what is not derived is said, and a failure of it is its own", async ({ page }) => {
  const nothing = { invocations: "0", looked_at: "0", mean: "0", segments: [], step: "300000000000", points: [] };
  let answer: object = { ...nothing, missing: [{ from: "0", to: "300000000000" }], outdated: [] };
  let status = 200;
  await page.route("**/path?*", route => route.fulfill({ status, json: answer }));
  await page.goto(`${server.url}/functions/checkout`);
  await expect(spent(page)).toContainText("Nothing of this range is derived yet");
  status = 503;
  answer = { error: { code: "unavailable", message: "The store does not answer." } };
  await page.reload();
  await expect(spent(page).getByRole("alert")).toContainText("The store does not answer.");
  await expect(page.getByRole("table", { name: "Invocations" })).toBeVisible();
  await page.unroute("**/path?*");
  await spent(page).getByRole("button", { name: "Try again" }).click();
  await expect(spent(page)).toContainText("looked at");
});

test("what ran it is asked when somebody asks, and stays in the address", async ({ page }) => {
  const problems = watchForProblems(page);
  let asked = 0;
  page.on("request", request => {
    if (request.url().includes("/sandboxes?")) asked += 1;
  });
  await page.goto(`${server.url}/functions/checkout?range=6h`);
  await expect(sandboxes(page)).toBeVisible();
  await expect(page.getByRole("table", { name: "Invocations" })).toBeVisible();
  expect(asked).toBe(0);

  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toContainText("show the sandboxes");
  await page.keyboard.press("Escape");
  await page.keyboard.press("s");
  await expect(page).toHaveURL(/range=6h&sandboxes=open$/);
  await expect(sandboxes(page)).toContainText(
    /\d+\u00a0sandboxes served, at most \d+\u00a0invocations? ran at once, and 3 were made ready for nobody, with 2\.44\u00a0s of init together that cost \$0\.00\d+\./,
  );
  await expect(
    sandboxes(page).getByRole("img", { name: /^How many ran at once, over time: at most \d/ }),
  ).toBeVisible();
  await page.reload();
  await expect(sandboxes(page).getByRole("button", { name: "Fold" })).toHaveAttribute("aria-expanded", "true");
  const failed = sandboxes(page).getByRole("row").filter({ hasText: "failed" }).first();
  await expect(failed).toContainText(
    /version 4[12].*init 812\u00a0ms.*\d+ failed.*\d+\u00a0MB → \d+\u00a0MBof \d+\u00a0MB/,
  );
  await page.keyboard.press("s");
  await expect(page).toHaveURL(/range=6h$/);
  await expect(lives(page)).toHaveCount(0);
  expect(problems()).toEqual([]);
});

test("a sandbox's life leads to its invocations by key, from one place where the tab key stops", async ({ page }) => {
  await page.goto(`${server.url}/functions/checkout?sandboxes=open`);
  await expect(sandboxes(page).locator("a.life[tabindex='0']")).toHaveCount(1);
  const first = lives(page).first();
  await first.focus();
  await page.keyboard.press("ArrowDown");
  await expect(lives(page).nth(1)).toBeFocused();
  await page.keyboard.press("Home");
  await expect(lives(page).nth(1)).toHaveAccessibleName(/, 1 of \d+\u00a0invocations: \w+, \d\d:\d\d:\d\d\.\d{3}/);
  await page.keyboard.press("ArrowRight");
  await expect(lives(page).nth(1)).toHaveAccessibleName(/, 2 of /);
  await expect(sandboxes(page).getByRole("status"), "it is told").toContainText(/^2 of /);
  await page.keyboard.press("ArrowUp");
  await expect(first).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Home");
  const href = await lives(page).nth(1).getAttribute("href");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(`${server.url}${href}`);
  await page.goBack();
  await expect(lives(page).first(), "it is open as before").toBeVisible();
});

test("a sandbox's life leads to the invocation that is pointed at", async ({ page }) => {
  await page.goto(`${server.url}/functions/checkout?sandboxes=open&outcome=timeout`);
  await expect(page.getByRole("table", { name: "Invocations" }).getByRole("row")).toHaveCount(2);
  const life = lives(page).nth(1);
  await life.scrollIntoViewIfNeeded();
  const box = await life.boundingBox();
  if (box === null) throw new Error("a life has a place");
  await page.mouse.move(box.x + box.width - 2, box.y + box.height / 2);
  await expect(sandboxes(page).locator(".life-told")).toContainText(/\d\d:\d\d:\d\d\.\d{3}/);
  const href = await life.getAttribute("href");
  await page.mouse.down();
  await page.mouse.up();
  await expect(page).toHaveURL(`${server.url}${href}`);
});

test.describe("with a finger", () => {
  test.use({ hasTouch: true });
  test("a sandbox's life leads to the invocation that is pressed", async ({ page }) => {
    await page.route("**/sandboxes?*", route => route.fulfill({ json: crowd(Date.now()) }));
    await page.goto(`${server.url}/functions/checkout?sandboxes=open`);
    await lives(page).nth(11).scrollIntoViewIfNeeded();
    await lives(page)
      .nth(11)
      .tap({ position: { x: 2, y: 10 } });
    await expect(page, "the first, not the last").toHaveURL(/\/invocations\/request-48-0$/);
  });
});

test("a crowd of sandboxes has room, and the others are shown when somebody asks", async ({ page }) => {
  const problems = watchForProblems(page);
  await page.route("**/sandboxes?*", route => route.fulfill({ json: crowd(Date.now()) }));
  await see(page, {
    name: "function-crowd",
    open: async () => {
      await page.goto(`${server.url}/functions/checkout?sandboxes=open`);
      await expect(lives(page)).toHaveCount(12);
      await expect(sandboxes(page)).toContainText("too many invocations to count how many ran at once");
      await sandboxes(page).getByRole("button", { name: "Show all 60" }).click();
      await expect(lives(page)).toHaveCount(60);
      await lives(page).last().focus();
      await page.keyboard.press("ArrowLeft");
      await expect(lives(page).last()).toHaveAccessibleName(/, 299 of 300\u00a0invocations/);
    },
  });
  expect(problems()).toEqual([]);
});

test("no sandbox is told of, one is, and a failure of it is its own", async ({ page }) => {
  const some = crowd(Date.now());
  const none = { sandboxes: "0", prepared: "0", cost: null };
  let answer: object = { ...some, sandboxes: [], total: "0", unused: none, concurrency: [] };
  let status = 200;
  await page.route("**/sandboxes?*", route => route.fulfill({ status, json: answer }));
  await page.goto(`${server.url}/functions/checkout?sandboxes=open`);
  await expect(sandboxes(page)).toContainText("No invocation of this range told which sandbox ran it.");
  await expect(sandboxes(page).getByRole("table")).toHaveCount(0);

  answer = { ...some, sandboxes: some.sandboxes.slice(0, 1), total: "1", unused: { ...none, sandboxes: "1" } };
  await page.reload();
  await expect(sandboxes(page)).toContainText(/1\u00a0sandbox served,.* and 1 was made ready for nobody/);
  await expect(lives(page)).toHaveCount(1);

  status = 503;
  answer = { error: { code: "unavailable", message: "The store does not answer." } };
  await page.reload();
  await expect(sandboxes(page).getByRole("alert")).toContainText("The store does not answer.");
  await expect(page.getByRole("table", { name: "Invocations" })).toBeVisible();
  status = 200;
  answer = some;
  await sandboxes(page).getByRole("button", { name: "Try again" }).click();
  await expect(lives(page)).toHaveCount(12);
});
