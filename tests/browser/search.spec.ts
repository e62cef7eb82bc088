/** From a half-typed query to the trace that it was for. */

import { expect, type Page, test } from "@playwright/test";

import { type FakeServer, serveFake } from "./src/fake-server.ts";
import { details, openRow } from "./src/walk.ts";
import { watchForProblems } from "./src/watch.ts";

let server: FakeServer;

test.beforeAll(async () => {
  server = await serveFake("full");
});

test.afterAll(() => server.close());

const line = (page: Page) => page.getByRole("combobox", { name: "Query" });
const options = (page: Page) => page.getByRole("listbox", { name: "What may come next" }).getByRole("option");
const table = (page: Page) => page.getByRole("table", { name: "Traces that match" });
const asked = (page: Page) => new URL(page.url()).searchParams;
const path = (query: string, more = "") => `${server.url}/search?q=${encodeURIComponent(query)}${more}`;

test("a query is completed, asked, and leads to a marked span, by keyboard alone", async ({ page }) => {
  const problems = watchForProblems(page);
  await page.goto(server.url);
  await expect(page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await expect(line(page), "where nothing is asked one begins to type").toBeFocused();

  await page.keyboard.type("{ statusM");
  await expect(options(page)).toHaveCount(1);
  await page.keyboard.press("Tab");
  await expect(line(page)).toHaveValue("{ statusMessage ");
  await expect(options(page).first()).toContainText("=");
  await page.keyboard.type('= "PaymentDeclined: order 1036: insufficient funds" ');
  await expect(options(page).first()).toContainText("&&");
  await page.keyboard.press("ArrowUp");
  await expect(line(page)).toHaveAttribute("aria-activedescendant", /query-suggestions-\d/);
  await expect(options(page).last()).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Enter");
  await expect(line(page)).toHaveValue('{ statusMessage = "PaymentDeclined: order 1036: insufficient funds" }');
  await page.keyboard.press("Enter");

  await expect(table(page)).toBeVisible();
  await expect(options(page)).toHaveCount(0);
  await page.keyboard.press("Escape");
  await openRow(page, "app.handler");
  await expect(details(page), "the span that matched").toContainText("insufficient funds");
  await expect(page).toHaveURL(/\/traces\/[0-9a-f]{32}\?span=[0-9a-f]{16}&details=open/);
  expect(problems()).toEqual([]);
});

test("what is proposed is closed by Escape, and by another key the line is left", async ({ page }) => {
  await page.goto(`${server.url}/search`);
  await line(page).pressSequentially("{ na");
  await expect(options(page).first()).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(options(page)).toHaveCount(0);
  await expect(line(page)).toHaveValue("{ na");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("button", { name: "Search" })).toBeFocused();
});

test("an answer that comes too late is dropped", async ({ page }) => {
  const held: (() => void)[] = [];
  await page.route(/\/search\/suggest/, async route => {
    const text = new URL(route.request().url()).searchParams.get("q") ?? "";
    if (text === "{ st") await new Promise<void>(goOn => held.push(goOn));
    await route.continue().catch(() => {});
  });
  await page.goto(`${server.url}/search`);
  const first = page.waitForRequest(request => request.url().includes("q=%7B+st&"));
  await line(page).pressSequentially("{ st");
  await first;
  await line(page).fill("{ kind = ");
  await expect(options(page).first()).toContainText("internal");
  for (const goOn of held) goOn();
  await line(page).press("ArrowDown");
  await expect(options(page).first()).toContainText("internal");
  await expect(options(page)).toHaveCount(5);
});

test("a query that is none is pointed at, until it is changed", async ({ page }) => {
  await page.goto(`${server.url}/search`);
  await line(page).fill('{ .a = "😀" && durations > 1s }');
  await line(page).press("Control+Enter");
  await expect(page.locator("mark")).toHaveText("durations");
  await expect(line(page)).toHaveAccessibleDescription(/is no field and no constant/);
  await page.getByRole("button", { name: "Select it" }).click();
  await page.keyboard.type("duration");
  await expect(page.locator("mark")).toHaveCount(0);
  await expect(line(page)).toHaveValue('{ .a = "😀" && duration > 1s }');
  await line(page).press("Enter");
  await expect(page.getByRole("heading", { name: "No trace matches in the last hour" })).toBeVisible();
});

test("examples fit what runs, and are links", async ({ page }) => {
  await page.goto(`${server.url}/search`);
  await page.getByRole("link", { name: "Errors of checkout" }).click();
  await expect(line(page)).toHaveValue(
    '{ resource.service.name = "checkout" && status = error } | select(statusMessage)',
  );
  await expect(table(page).getByRole("columnheader", { name: "statusMessage" })).toBeVisible();
  await page.goBack();
  await expect(page.getByRole("heading", { name: "To begin with" })).toBeVisible();
});

test("what was asked and what was saved is there again, and can be deleted", async ({ page }) => {
  await page.goto(path("{ status = error }"));
  await expect(table(page)).toBeVisible();
  await page.keyboard.press("h");
  await expect(page.getByLabel("Save this query as")).toBeFocused();
  await page.keyboard.type("what fails");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Saved as “what fails”.")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: "Saved and recent" })).toBeFocused();

  await page.goto(`${server.url}/search`);
  const saved = page.getByRole("region", { name: "Saved" });
  await expect(page.getByRole("region", { name: "Recent" }).getByRole("link")).toHaveText(/\{ status = error \}/);
  await saved.getByRole("link", { name: "what fails" }).click();
  await expect(line(page)).toHaveValue("{ status = error }");
  await page.goto(`${server.url}/search`);
  await saved.getByRole("button", { name: "Delete what fails" }).click();
  await expect(saved.getByRole("link")).toHaveCount(0);
});

test("a browser that keeps nothing says so, and the page works", async ({ page }) => {
  await page.addInitScript(() => {
    Storage.prototype.setItem = () => {
      throw new Error("nothing is kept");
    };
  });
  await page.goto(path("{ status = error }"));
  await expect(table(page)).toBeVisible();
  await page.keyboard.press("h");
  await expect(page.getByText("This browser keeps nothing")).toBeVisible();
  await expect(page.getByRole("region", { name: "Recent" }).getByRole("link")).toHaveCount(1);
});

test("points are walked through by key, and chosen ones are looked at alone", async ({ page }) => {
  const problems = watchForProblems(page);
  await page.goto(path('{ resource.service.name = "checkout" && duration > 100ms }', "&view=scatter"));
  const points = page.getByRole("slider", { name: "Points" });
  await points.focus();
  await page.keyboard.press("End");
  const latest = await points.getAttribute("aria-valuetext");
  await page.keyboard.press("ArrowLeft");
  await expect(points).not.toHaveAttribute("aria-valuetext", latest ?? "");
  await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("Shift+ArrowLeft");
  await expect(page.getByRole("button", { name: "Look at these alone" })).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/least=\d+&most=\d+/);
  expect(asked(page).get("from")).not.toBeNull();
  await expect(page.getByRole("status").filter({ hasText: /^[1-9]\straces? of/ })).toBeVisible();

  await page.getByRole("link", { name: /^traces from .* alone$/ }).click();
  await expect(page).not.toHaveURL(/least=/);
  await points.focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/traces\/[0-9a-f]{32}\?span=/);
  expect(problems()).toEqual([]);
});

test("a box that is dragged narrows time and lengths; a press opens", async ({ page }) => {
  await page.goto(path("{ kind = client }", "&view=scatter&of=spans"));
  const points = page.getByRole("slider", { name: "Points" });
  await expect(points).toBeVisible();
  const box = await points.boundingBox();
  if (box === null) throw new Error("the chart has a place");
  await page.mouse.move(box.x + box.width * 0.7, box.y + box.height * 0.3);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.8, box.y + box.height * 0.5, { steps: 4 });
  await page.mouse.move(box.x + box.width * 0.95, box.y + box.height * 0.7, { steps: 4 });
  await page.mouse.up();
  await expect(page).toHaveURL(/of=spans.*from=\d+&to=\d+&least=\d+&most=\d+/);
  const [from, to] = [BigInt(asked(page).get("from") ?? 0), BigInt(asked(page).get("to") ?? 0)];
  expect(Number(to - from) / 60e9).toBeCloseTo(15, 0);
  await page.goBack();
  await expect(page, "back undoes it").not.toHaveURL(/least=/);
});

test("a query without groups is offered some, and each group leads to what is in it", async ({ page }) => {
  await page.goto(path("{ kind = client }"));
  await page.getByRole("button", { name: "groups" }).click();
  await page.getByRole("link", { name: "name", exact: true }).click();
  await expect(line(page)).toHaveValue("{ kind = client } | by(name)");
  const groups = page.getByRole("table", { name: "Groups" });
  await expect(groups.getByRole("row")).toHaveCount(7);
  await openRow(page, "POST payments");
  await expect(line(page)).toHaveValue('{ kind = client } | by(name) | { name = "POST payments" }');
  await expect(table(page).locator("tbody tr")).toHaveCount(3);
});

test("a column is one more that the query selects", async ({ page }) => {
  await page.goto(path("{ kind = client }"));
  await expect(table(page)).toBeVisible();
  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByRole("link", { name: "kind", exact: true }).click();
  await expect(line(page)).toHaveValue("{ kind = client } | select(kind)");
  await expect(table(page).getByRole("columnheader", { name: "kind" })).toBeVisible();
  await page.getByRole("link", { name: "name", exact: true }).click();
  await expect(line(page)).toHaveValue("{ kind = client } | select(kind, name)");
});

test("a search that used up its time goes on where it stopped", async ({ page }) => {
  await page.goto(path("{ status = error }", "&range=24h"));
  await expect(page.getByText("The search used up its time")).toBeVisible();
  const rows = table(page).locator("tbody tr");
  const before = await rows.count();
  for (const lookedAt of [120, 180, 240]) {
    await page.keyboard.press("m");
    await expect(page.getByText(new RegExp(`of ${lookedAt}\\straces that were looked at`))).toBeVisible();
  }
  await expect(page.getByText("The whole range was searched.")).toBeVisible();
  expect(await rows.count()).toBeGreaterThan(before);
});

test("what is found nowhere near is looked for further back by itself", async ({ page }) => {
  await page.goto(path('{ name = "nothing is called so" }', "&range=24h"));
  await expect(page.getByRole("heading", { name: "No trace matches in the last 24 hours" })).toBeVisible();
  await expect(page.getByText("240 traces that were looked at")).toBeVisible();
});

test("a link finds the same later, and a command is one for a terminal", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto(path("{ name = 'x' || status = error }".replaceAll("'", '"'), "&view=groups"));
  await page.getByRole("button", { name: "Copy link" }).click();
  await expect(page.getByRole("button", { name: "Copied link" })).toBeVisible();
  const link = new URL(await page.evaluate(() => navigator.clipboard.readText()));
  expect(Object.fromEntries(link.searchParams)).toEqual({
    q: '{ name = "x" || status = error }',
    view: "groups",
    from: expect.stringMatching(/^\d+$/),
    to: expect.stringMatching(/^\d+$/),
  });
  await page.getByRole("button", { name: "Copy curl" }).click();
  await expect(page.getByRole("button", { name: "Copied curl" })).toBeVisible();
  const command = await page.evaluate(() => navigator.clipboard.readText());
  expect(command).toContain(`curl --get '${server.url}/api/v1/search'`);
  expect(command).toContain(`--data-urlencode 'q={ name = "x" || status = error }'`);
});
