/** The page of an invocation: from init to freeze, its neighbours on the sandbox, its attempts, report and payload. */

import { expect, type Page, test } from "@playwright/test";

import { changeTraces } from "./src/changed.ts";
import { type FakeServer, serveFake } from "./src/fake-server.ts";
import { see } from "./src/looks.ts";
import { expectAccessible, watchForProblems } from "./src/watch.ts";

let server: FakeServer;

test.beforeAll(async () => {
  server = await serveFake("full");
});

test.afterAll(() => server.close());

const life = (page: Page) => page.getByRole("region", { name: "From init to freeze" });
const around = (page: Page) => page.getByRole("navigation", { name: "On the same sandbox" });
const heading = (page: Page) => page.getByRole("heading", { level: 1 });

/** Opens the first invocation of a list that has this in its row. */
async function open(page: Page, path: string, text: string): Promise<void> {
  await page.goto(`${server.url}${path}`);
  await page.getByRole("row").filter({ hasText: text }).first().getByRole("link").first().click();
  await expect(heading(page)).toBeVisible();
}

test("it is told from init to freeze, with its time limit", async ({ page }) => {
  const problems = watchForProblems(page);
  await open(page, "/functions/checkout?start=cold", "1.24");
  const stages = life(page).getByRole("listitem");
  await expect(stages.nth(0)).toContainText("init (cold start)812\u00a0ms");
  await expect(stages.nth(3)).toContainText("invocation1.24\u00a0s+0");
  await expect(stages.last()).toContainText("frozen");
  await expect(life(page)).toContainText("41\u00a0% of its time limit of 3.00\u00a0s");
  expect(problems()).toEqual([]);
});

test("what still runs is not frozen", async ({ page }) => {
  await open(page, "/functions/thumbnails?outcome=running", "running");
  await expect(page.getByText("frozen")).toHaveCount(0);
});

test("the one before and the one after on its sandbox are a key away", async ({ page }) => {
  await page.goto(`${server.url}/functions/inventory`);
  // In the middle of the list: the sandbox served others before and after it.
  await page.getByRole("table", { name: "Invocations" }).getByRole("row").nth(60).getByRole("link").click();
  await expect(around(page)).toContainText(/\d+ of \d+ on its sandbox/);
  const address = page.url();
  const after = around(page).getByRole("link", { name: /^The one after on the same sandbox: / });
  const before = around(page).getByRole("link", { name: /^The one before on the same sandbox: / });
  await expect(before.or(after).first()).toBeVisible();
  const [there, back] = (await after.isVisible()) ? ["]", "["] : ["[", "]"];
  await page.keyboard.press(there);
  await expect(page).not.toHaveURL(address);
  await expect(around(page)).toContainText(/\d+ of \d+ on its sandbox/);
  await page.keyboard.press(back);
  await expect(page).toHaveURL(address);
});

test("neighbours that can't be read, or are not told, are said, and the page stays", async ({ page }) => {
  const nothing = { sandboxes: "0", prepared: "0", cost: null };
  const none = { sandboxes: [], total: "900", unused: nothing, step: "60000000000", concurrency: null };
  await page.route("**/sandboxes?*", route => route.fulfill({ json: none }));
  await open(page, "/functions/inventory", "ok");
  await expect(around(page)).toContainText("What else its sandbox served is not told.");
  const error = { code: "unavailable", message: "The store does not answer." };
  await page.route("**/sandboxes?*", route => route.fulfill({ status: 503, json: { error } }));
  await page.reload();
  await expect(around(page)).toContainText("What else its sandbox served can't be read now.");
  await expect(page.getByRole("treegrid", { name: "Spans" })).toBeVisible();
});

test("attempts of the same message stand in a table", async ({ page }) => {
  await changeTraces(page, detail => {
    const first = detail.invocation;
    const later = String(BigInt(first.start) - 120_000_000_000n);
    detail.trace.invocations = [{ ...first, start: later, request_id: "the-first", outcome: "timeout" }, first];
    const hop = { ...detail.trace.hops[0], cause: 0, attempts: 2 };
    detail.trace.hops = [
      { ...hop, request_id: "the-first", attempt: 1 },
      { ...hop, attempt: 2, waited: "117000000000" },
    ];
  });
  await open(page, "/functions/inventory", "ok");
  const attempts = page.getByRole("table", { name: "Attempts" });
  await expect(attempts.getByRole("row").nth(1)).toContainText(/1 of 2timeout/);
  await expect(attempts.getByRole("row").nth(2)).toContainText(/2 of 2ok.*1\u00a0min\u00a057\u00a0s/);
  await expect(attempts.getByRole("link", { name: "1 of 2" })).toHaveAttribute("href", "/invocations/the-first");
});

test("report and payload are there for those who unfold them", async ({ page }) => {
  await open(page, "/functions/checkout?outcome=error", "371");
  const report = page.getByRole("group").filter({ hasText: "Report" });
  await page.getByText("Report", { exact: false }).filter({ hasText: "as the platform told it" }).click();
  await expect(report.locator("code")).toContainText(/^REPORT RequestId: [0-9a-f-]+\tDuration: 371\.\d\d ms\t/);
  await page.getByText("secrets are replaced").click();
  await expect(page.getByRole("region", { name: "Request" })).toContainText('"authorization": "[redacted]"');
  await expect(page.getByRole("region", { name: "Response" })).toContainText("insufficient funds");
  await expectAccessible(page);

  await open(page, "/functions/inventory", "ok");
  await page.getByText("not captured").click();
  await expect(page.getByText("COLDTRACE_CAPTURE=errors")).toBeVisible();
});

test("what is known of one that failed can be seen", async ({ page }) => {
  const problems = watchForProblems(page);
  await see(page, {
    name: "invocation-more",
    open: async () => {
      await open(page, "/functions/checkout?outcome=error", "371");
      await page.getByText("as the platform told it").click();
      await page.getByText("secrets are replaced").click();
      await expect(around(page)).toContainText(/\d+ of \d+/);
    },
  });
  expect(problems()).toEqual([]);
});
