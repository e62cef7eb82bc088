/** What is on every page: the palette, whose clock times are by, the query behind a figure, lists taken along, the keys. */

import { readFile } from "node:fs/promises";

import { expect, type Page, test } from "@playwright/test";

import { type FakeServer, serveFake } from "./src/fake-server.ts";
import { STILL, see } from "./src/looks.ts";
import { watchForProblems } from "./src/watch.ts";

let server: FakeServer;
/** Where nothing moves. */
let still: FakeServer;

test.beforeAll(async () => {
  server = await serveFake("full");
  still = await serveFake("full", { still: STILL });
});

test.afterAll(async () => {
  for (const one of [server, still]) await one.close();
});

const palette = (page: Page) => page.getByRole("dialog", { name: "Go to, or do" });
const line = (page: Page) => palette(page).getByRole("combobox");
const chosen = (page: Page) => palette(page).getByRole("option", { selected: true });
const rows = (page: Page) => page.locator("tbody tr");

async function openPalette(page: Page, typed: string): Promise<void> {
  await page.keyboard.press("Control+k");
  await expect(line(page)).toBeFocused();
  await page.keyboard.type(typed);
}

test("the palette can be seen", async ({ page }) => {
  const problems = watchForProblems(page);
  await page.clock.setFixedTime(STILL);
  await see(page, {
    name: "palette",
    open: async () => {
      await page.goto(`${still.url}/functions/checkout`);
      await expect(rows(page).first()).toBeVisible();
      await page.getByRole("button", { name: "Go to, or paste an id" }).click();
      await expect(line(page)).toBeFocused();
      await page.keyboard.type("c");
    },
    shown: () => expect(palette(page).getByRole("option", { name: /^checkout/ })).toBeVisible(),
    isCompared: true,
  });
  expect(problems()).toEqual([]);
});

test("the query behind a figure can be seen", async ({ page }) => {
  const problems = watchForProblems(page);
  await see(page, {
    name: "show-query",
    open: async () => {
      await page.goto(`${server.url}/errors`);
      await page.getByRole("button", { name: "Show query: errors" }).click();
    },
    shown: () => expect(page.getByText("18,204 rows and 2.5 MB read")).toBeVisible(),
  });
  expect(problems()).toEqual([]);
});

test("what a list is taken along as can be seen", ({ page }) =>
  see(page, {
    name: "export",
    open: async () => {
      await page.goto(`${server.url}/invocations`);
      await page.getByRole("button", { name: "Export: invocations" }).click();
    },
    shown: () => expect(page.getByRole("button", { name: "Copy as Markdown table" })).toBeVisible(),
  }));

test("a range that is typed can be seen", ({ page }) =>
  see(page, {
    name: "typed-range",
    open: async () => {
      await page.goto(`${server.url}/errors`);
      await page.getByRole("button", { name: "custom" }).click();
      await page.getByLabel("From", { exact: true }).fill("soon");
      await page.getByRole("button", { name: "Show", exact: true }).click();
    },
    shown: () => expect(page.getByText("The beginning is no time that is understood")).toBeVisible(),
  }));

test("the palette leads to pages and functions by a few letters, and the focus comes back where it leads nowhere", async ({
  page,
}) => {
  const problems = watchForProblems(page);
  await page.goto(server.url);
  await expect(rows(page).first()).toBeVisible();
  await page.keyboard.press("j");
  const row = page.locator("a[data-row]").first();
  await expect(row).toBeFocused();
  await openPalette(page, "");
  await expect(chosen(page)).toHaveCount(1);
  await page.keyboard.press("Escape");
  await expect(palette(page)).toHaveCount(0);
  await expect(row, "the row has the focus again").toBeFocused();

  await openPalette(page, "thumb");
  await expect(chosen(page)).toContainText("thumbnails");
  await expect(chosen(page).locator("mark")).toHaveText("thumb");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/functions\/thumbnails$/);
  await expect(page.getByRole("heading", { level: 1, name: "thumbnails" })).toBeVisible();

  await openPalette(page, "cs");
  await expect(chosen(page)).toContainText("Cold starts");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/cold-starts$/);
  await expect(page.getByRole("heading", { level: 1, name: "Cold starts" })).toBeVisible();

  await openPalette(page, "");
  const first = palette(page).getByRole("option").first();
  await expect(first, "where one was lately comes first").toContainText("thumbnails");
  await expect(line(page)).toHaveAttribute("aria-activedescendant", (await first.getAttribute("id")) ?? "");
  await page.keyboard.press("ArrowDown");
  await expect(first).toHaveAttribute("aria-selected", "false");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/functions\/thumbnails$/);
  await page.goBack();
  await expect(page).toHaveURL(/\/cold-starts$/);
  expect(problems()).toEqual([]);
});

test("ids that are pasted are recognised, and what is nearly one is told why not", async ({ page }) => {
  await page.goto(`${server.url}/traces`);
  const link = page.locator("a[data-row]").first();
  const traceId = (await link.getAttribute("href"))?.split("/").at(-1) ?? "";
  await openPalette(page, traceId.slice(1));
  await expect(palette(page).getByText("A trace id has 32 hex digits; this has 31.")).toBeVisible();
  await line(page).fill(`00-${traceId}-0123456789abcdef-01`);
  await expect(chosen(page)).toContainText("Open the trace");
  await line(page).fill(traceId);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/traces/${traceId}$`));

  await openPalette(page, "8476a536-e9f4-11e8-9739-2dfe598c3fcd");
  await expect(chosen(page)).toContainText("Open the invocation");
  await line(page).fill("53995c3f42cd8ad8");
  await expect(chosen(page)).toContainText("Open the group of errors");
});

test("the palette does things: the range, the theme, the clock, what the page's keys do", async ({ page }) => {
  await page.goto(`${server.url}/functions/checkout`);
  await expect(page.getByRole("heading", { name: "Over time" })).toBeVisible();
  await openPalette(page, "last 6 hours");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/range=6h/);
  await openPalette(page, "theme light");
  await page.keyboard.press("Enter");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "light");
  await openPalette(page, "percentiles or heatmap");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/chart=heatmap/);
  await openPalette(page, "new alert");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/alerts\/rules\/new/);
});

test.describe("in New York", () => {
  test.use({ timezoneId: "America/New_York" });

  test("times are by the clock there, or in UTC, everywhere and the next time as well", async ({ page }) => {
    await page.goto(`${server.url}/invocations`);
    const time = page.locator("tbody time").first();
    await expect(time).toBeVisible();
    const utc = (await time.getAttribute("datetime"))?.slice(11, 23) ?? "";
    await expect(time).not.toContainText(utc);
    await expect(time, "the other form is in the hint").toHaveAttribute("title", new RegExp(`${utc}\\d* UTC`));
    await page.keyboard.press("U");
    await expect(time).toContainText(utc);
    await expect(page.getByRole("button", { name: "Times are in UTC" })).toBeVisible();
    await page.reload();
    await expect(time).toBeVisible();
    const again = (await time.getAttribute("datetime"))?.slice(11, 23) ?? "";
    await expect(time).toContainText(again);
  });

  test("axes are by the same clock", async ({ page }) => {
    await page.goto(`${server.url}/functions/checkout`);
    const marks = page.getByRole("region", { name: "Over time" }).locator(".steps-times");
    await expect(marks).toContainText(/\d\d:\d\d/);
    const hour = (text: string | null) => Number(text?.slice(0, 2));
    const before = hour(await marks.locator("span").first().textContent());
    await page.keyboard.press("U");
    await expect(marks).not.toContainText(`${String(before).padStart(2, "0")}:`);
    const after = hour(await marks.locator("span").first().textContent());
    expect([4, 5]).toContain((after - before + 24) % 24);
  });

  test("a range that is typed is read by the clock that was chosen, and back undoes it", async ({ page }) => {
    await page.goto(`${server.url}/errors`);
    await expect(rows(page).first()).toBeVisible();
    await page.keyboard.press("U");
    await expect(page.getByRole("button", { name: "Times are in UTC" })).toBeVisible();
    await page.getByRole("button", { name: "custom" }).click();
    await expect(page.getByLabel("From", { exact: true })).toBeFocused();
    await page.getByLabel("From", { exact: true }).fill("2026-11-23 14:03");
    await page.getByLabel("To", { exact: true }).fill("2026-11-23T15:03:22+01:00");
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(/from=1795442580000000000&to=1795442602000000000/);
    await expect(page.getByRole("button", { name: "2026-11-23 14:03 – 14:03" })).toBeVisible();
    await page.keyboard.press("U");
    await expect(page.getByRole("button", { name: "2026-11-23 09:03 – 09:03" })).toBeVisible();
    await page.goBack();
    await expect(page).toHaveURL(/\/errors$/);
  });
});

test("how long ago may be shown as the date and time instead", async ({ page }) => {
  await page.goto(`${server.url}/errors`);
  const time = page.locator("tbody time").first();
  await expect(time).toContainText(/ago|just now/);
  await page.keyboard.press("A");
  await expect(time).toContainText(/\d\d:\d\d/);
  await expect(time).toHaveAttribute("title", /ago|just now/);
});

test("behind a figure is its call, as address and as command, and the SQL that runs", async ({ page }) => {
  await page.goto(`${server.url}/functions/checkout?range=6h`);
  const button = page.getByRole("button", { name: "Show query: findings" });
  await button.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Query: findings" });
  await expect(
    dialog.getByText(/^http:.*\/api\/v1\/functions\/checkout\/findings\?from=\d{19}&to=\d{19}$/),
  ).toBeVisible();
  await expect(dialog.getByText("curl --get")).toContainText('-H "x-api-key: $COLDTRACE_API_KEY"');
  await expect(dialog.getByText("SELECT count()")).toBeVisible();
  await expect(dialog.getByRole("button", { name: "Copy SQL" })).toHaveCount(2);
  await page.keyboard.press("Escape");
  await expect(button, "the focus is where it was").toBeFocused();
});

const PAGES = [
  ["/", "functions"],
  ["/functions/checkout", "figures of the function"],
  ["/functions/checkout", "errors of the function"],
  ["/functions/checkout", "where the time goes"],
  ["/functions/checkout", "over time"],
  ["/functions/checkout?why=slow", "comparison"],
  ["/functions/checkout", "sandboxes"],
  ["/functions/checkout", "invocations"],
  ["/findings", "findings"],
  ["/invocations", "invocations"],
  ["/traces", "traces"],
  ["/search?q=%7B%7D", "search"],
  ["/errors", "errors"],
  ["/logs", "lines"],
  ["/map", "map"],
  ["/cold-starts", "cold starts"],
  ["/alerts", "alerts"],
  ["/alerts/history", "history"],
  ["/alerts/rules", "rules"],
  ["/alerts/silences", "silences"],
  ["/alerts/channels", "channels"],
  ["/alerts/deliveries", "deliveries"],
  ["/settings", "settings"],
] as const;

test("every page has the way to the queries behind it", async ({ page }) => {
  const problems = watchForProblems(page);
  for (const [path, what] of PAGES) {
    await page.goto(`${server.url}${path}`);
    await page.getByRole("button", { name: `Show query: ${what}`, exact: true }).click();
    const dialog = page.getByRole("dialog", { name: `Query: ${what}` });
    await expect(dialog.getByText(/\/api\/v1\//).first(), path).toBeVisible();
    await expect(dialog.getByRole("heading", { name: "To ClickHouse" }).first(), path).toBeVisible();
  }
  expect(problems()).toEqual([]);
});

test("a list is taken along whole, not only the page of it that is shown", async ({ page }) => {
  await page.goto(`${server.url}/invocations`);
  const told = page.getByText(/^100 of .* invocations$/);
  await expect(told).toBeVisible();
  const total = Number((await told.textContent())?.replace(/^100 of (.*) invocations$/, "$1").replace(",", ""));
  await page.getByRole("button", { name: "Export: invocations" }).click();
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save as CSV" }).click(),
  ]);
  expect(file.suggestedFilename()).toMatch(/^coldtrace-invocations-.*\.csv$/);
  const [head = "", ...lines] = (await readFile(await file.path(), "utf8")).trim().split("\r\n");
  expect(head).toContain("duration_ms");
  expect(lines.length).toBeGreaterThanOrEqual(total);
  expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z,/);
  await expect(page.getByText(/^Saved: .* invocations\.$/)).toBeVisible();
});

test("a list is copied as a table, to paste", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto(server.url);
  await page.getByRole("button", { name: "Export: functions" }).click();
  await page.getByRole("button", { name: "Copy as Markdown table" }).click();
  await expect(page.getByText(/^Copied: /)).toBeVisible();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied.split("\n")[0]).toContain("| Function |");
  expect(copied).toContain("| checkout |");
});

test("an action leads to its part of the settings", async ({ page }) => {
  await page.goto(`${server.url}/errors`);
  await expect(rows(page).first()).toBeVisible();
  await openPalette(page, "new key");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/settings#keys-title$/);
  await expect(page.getByRole("heading", { name: "Keys", exact: true })).toBeInViewport();
  await openPalette(page, "attach");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Attach a function" })).toBeVisible();
});

test("the help lists the page's keys and those of all pages", async ({ page }) => {
  await page.goto(`${server.url}/errors`);
  await expect(rows(page).first()).toBeVisible();
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Keys" });
  for (const does of ["next row", "go to the settings", "times here or in UTC", "go anywhere, open an id"]) {
    await expect(help.getByText(does)).toBeVisible();
  }
  await help.getByRole("button", { name: "Close" }).click();
  await expect(help).toHaveCount(0);
  await page.keyboard.press("g");
  await page.keyboard.press(",");
  await expect(page).toHaveURL(/\/settings$/);
  await expect(page).toHaveTitle("Settings · Coldtrace");
});
