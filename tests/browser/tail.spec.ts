/** The live page: what comes is held, taken up again, and refused. */

import { expect, test } from "@playwright/test";

import { type FakeServer, serveFake } from "./src/fake-server.ts";
import { watchForProblems } from "./src/watch.ts";

let server: FakeServer;

test.beforeAll(async () => {
  server = await serveFake("full");
});

test.afterAll(() => server.close());

test("what is asked for it can be seen: by one look, whatever is followed", async ({ page }) => {
  await page.goto(`${server.url}/tail?of=logs&function=checkout&severity=error`);
  await page.getByRole("button", { name: "Show query: lines as they come" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("/api/v1/tail?of=logs&function=checkout&severity=error");
  await expect(dialog.getByRole("heading", { name: "To ClickHouse" })).toBeVisible();
  await expect(dialog.getByText(/^SELECT/).first()).toBeVisible();
});

test("what comes while it is paused waits, by key", async ({ page }) => {
  const problems = watchForProblems(page);
  await page.goto(`${server.url}/tail`);
  const rows = page.getByRole("list", { name: "Invocations" }).getByRole("listitem");
  await expect(rows.nth(2)).toBeVisible();
  await expect(page.getByText("Following")).toBeVisible();
  await page.keyboard.press(" ");
  await expect(page.getByText("Paused.")).toBeVisible();
  const held = await rows.count();
  await expect(page.getByText(/Paused\. ([3-9]|[1-9][0-9]+) wait/)).toBeVisible();
  await expect(rows).toHaveCount(held);
  await page.keyboard.press(" ");
  await expect(page.getByText("Paused.")).toBeHidden();
  await expect.poll(() => rows.count()).toBeGreaterThan(held + 2);
  await page.keyboard.press(" ");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/invocations\//);
  expect(problems().filter(text => !text.includes("404"))).toEqual([]);
});

test("what broke off is taken up where it was, and says since when", async ({ page }) => {
  const asked: (string | undefined)[] = [];
  await page.route("**/api/v1/tail?*", async route => {
    asked.push(route.request().headers()["last-event-id"]);
    const body = "event: begun\nid: first\ndata: {}\n\nevent: skipped\nid: second\ndata: {}\n\n";
    await route.fulfill({ contentType: "text/event-stream", body });
  });
  await page.goto(`${server.url}/tail`);
  await expect(page.getByText(/Reconnecting since/)).toBeVisible();
  await expect(page.getByText("More came than could be followed")).toBeVisible();
  await expect.poll(() => asked.length).toBeGreaterThan(1);
  expect(asked.slice(0, 2)).toEqual([undefined, "second"]);
});

test("it says so where too many follow, and where the question is wrong", async ({ page }) => {
  const failed = (code: string, message: string) => JSON.stringify({ error: { code, message } });
  let answer = { status: 429, headers: { "retry-after": "1" }, body: failed("too_many", "16 tails are open.") };
  await page.route("**/api/v1/tail?*", route => route.fulfill({ contentType: "application/json", ...answer }));
  await page.goto(`${server.url}/tail`);
  await expect(page.getByText("Too many follow already")).toBeVisible();
  answer = { status: 400, headers: { "retry-after": "" }, body: failed("invalid", "must be another one") };
  await expect(page.getByRole("alert")).toContainText("must be another one");
  await expect(page.getByText("Not followed")).toBeVisible();
});
