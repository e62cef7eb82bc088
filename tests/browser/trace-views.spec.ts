/** The views of one trace: each by a key and in the URL, in both themes, on a desk and on a phone. */

import { readFile } from "node:fs/promises";

import { expect, type Page, test } from "@playwright/test";

import { changeTraces } from "./src/changed.ts";
import { type FakeServer, serveFake } from "./src/fake-server.ts";
import { STILL, see } from "./src/looks.ts";
import { currentSpan, details, grid } from "./src/walk.ts";
import { watchForProblems } from "./src/watch.ts";

let server: FakeServer;
/** Where nothing moves: pages that are looked at. */
let still: FakeServer;

test.beforeAll(async () => {
  server = await serveFake("full");
  still = await serveFake("full", { still: STILL });
});

test.afterAll(async () => {
  for (const one of [server, still]) await one.close();
});

/** The journey of a checkout that waited for cold starts and a queue. */
async function openJourney(page: Page, of = server): Promise<void> {
  await page.goto(`${of.url}/invocations?start=cold`);
  await page.getByRole("row", { name: "checkout" }).getByRole("link").first().click();
  await expect(grid(page)).toBeVisible();
}

/** An import of 20,000 spans, most of them alike. */
async function openImport(page: Page, of = server): Promise<void> {
  await page.goto(`${of.url}/functions/importer`);
  await page.getByRole("table", { name: "Invocations" }).locator("tbody a").first().click();
  await expect(grid(page)).toBeVisible();
}

const tab = (page: Page, name: string) => page.getByRole("tab", { name });
const table = (page: Page) => page.getByRole("grid", { name: "Spans" });
const frames = (page: Page) => page.getByRole("application");

const VIEWS = [
  {
    name: "flame",
    key: "2",
    tab: "Flame",
    shown: (page: Page) => expect(page.getByRole("region", { name: "Flame graph" })).toContainText("in all"),
  },
  { name: "table", key: "3", tab: "Table", shown: (page: Page) => expect(table(page)).toBeVisible() },
  {
    name: "logs",
    key: "4",
    tab: "Logs",
    shown: (page: Page) =>
      expect(page.getByRole("region", { name: "Logs" }).getByRole("listitem").first()).toBeVisible(),
  },
  {
    name: "journey",
    key: "5",
    tab: "Journey",
    shown: (page: Page) => expect(page.getByRole("region", { name: "Journey" })).toContainText("ran"),
  },
  {
    name: "raw",
    key: "6",
    tab: "Raw",
    shown: (page: Page) => expect(page.getByRole("region", { name: "JSON" })).toContainText("resourceSpans"),
  },
  {
    name: "compare",
    key: "7",
    tab: "Compare",
    shown: (page: Page) => expect(page.getByRole("table", { name: "Differences by path" })).toBeVisible(),
  },
] as const;

for (const view of VIEWS) {
  test(`${view.name} can be seen`, async ({ page }) => {
    const problems = watchForProblems(page);
    await page.clock.setFixedTime(STILL);
    await see(page, {
      name: `trace-${view.name}`,
      open: async () => {
        await openJourney(page, still);
        await page.keyboard.press(view.key);
        await expect(tab(page, view.tab)).toHaveAttribute("aria-selected", "true");
        await view.shown(page);
        await toViews(page);
      },
      isOtherOnPhone: true,
      isCompared: true,
    });
    expect(problems()).toEqual([]);
  });
}

test("a trace that is folded can be seen", async ({ page }) => {
  const problems = watchForProblems(page);
  await page.clock.setFixedTime(STILL);
  await see(page, {
    name: "trace-folded",
    open: async () => {
      await openImport(page, still);
      await page.getByText("batch …").click();
      await expect(details(page)).toContainText("In all");
      await toViews(page);
    },
    isOtherOnPhone: true,
    isCompared: true,
  });
  expect(problems()).toEqual([]);
});

/** Scrolls so that they are just below the page's head. */
async function toViews(page: Page): Promise<void> {
  await page.evaluate(() => document.querySelector(".trace-views-head")?.scrollIntoView());
  await page.evaluate(() => window.scrollBy(0, -60));
}

test("alike siblings are folded, unfolded by key and found inside", async ({ page }) => {
  await openImport(page);
  await expect(grid(page)).toHaveAttribute("aria-rowcount", "3");
  await page.keyboard.press("G");
  await expect(currentSpan(page)).toContainText("100 ×");
  await page.keyboard.press("ArrowRight");
  await expect(currentSpan(page)).toHaveAttribute("aria-expanded", "true");
  await page.keyboard.press("ArrowRight");
  await expect(currentSpan(page)).toContainText("batch 0");
  await expect(page, "what is unfolded is in the URL").toHaveURL(/opened=[0-9a-f]{16}/);
  await page.keyboard.press("h");
  await page.keyboard.press("h");
  await page.keyboard.press("h");
  await expect(currentSpan(page), "folded again").toHaveAttribute("aria-expanded", "false");
  await page.keyboard.press("e");
  await expect(currentSpan(page), "the first error, out of two groups").toContainText("error");
  await expect(currentSpan(page)).toBeInViewport();
});

test("one subtree is looked at alone, and back undoes it", async ({ page }) => {
  await openJourney(page);
  const all = await grid(page).getAttribute("aria-rowcount");
  await grid(page).getByRole("row", { name: "POST inventory" }).first().click();
  await expect(page).toHaveURL(/details=open/);
  await page.getByRole("button", { name: "Focus" }).click();
  const crumbs = page.getByRole("navigation", { name: "The subtree that is looked at" });
  await expect(crumbs).toContainText("POST inventory");
  await expect(grid(page)).not.toHaveAttribute("aria-rowcount", String(all));
  await page.keyboard.press("b");
  await expect(crumbs.locator("strong"), "one further up").toHaveText("app.handler");
  await page.goBack();
  await expect(crumbs.locator("strong")).toHaveText("POST inventory");
  await page.goBack();
  await expect(crumbs).toBeHidden();
  await expect(grid(page)).toHaveAttribute("aria-rowcount", String(all));
  await page.keyboard.press("p");
  await expect(grid(page).getByRole("row", { name: "extension overhead" }), "not waited for").toHaveCount(0);
  await expect(page).toHaveURL(/path=critical/);
});

test("the flame graph is walked by key, and looks at one frame alone", async ({ page }) => {
  await openJourney(page);
  await page.keyboard.press("2");
  await frames(page).focus();
  const told = page.getByRole("region", { name: "Flame graph" }).locator(".flame-told");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await expect(told).toContainText("app.handler");
  await page.keyboard.press(" ");
  await expect(page).toHaveURL(/focus=/);
  await expect(page.getByRole("navigation", { name: "The subtree that is looked at" })).toContainText("app.handler");
  await page.keyboard.press("Enter");
  await expect(details(page)).toContainText("Takes");
  await page.getByRole("button", { name: "Critical" }).click();
  await expect(page).toHaveURL(/by=critical/);
  await expect(told).toContainText("waited for");
});

test("the table is sorted, filtered and walked", async ({ page }) => {
  await openJourney(page);
  await page.keyboard.press("3");
  const rows = table(page).locator(".span-table-row");
  await table(page).getByRole("button", { name: "Itself" }).click();
  await expect(table(page).getByRole("columnheader", { name: "Itself" })).toHaveAttribute("aria-sort", "descending");
  await expect(rows.first()).toContainText("runtime init");
  await page.keyboard.press("/");
  await page.keyboard.type("stock");
  await page.keyboard.press("Enter");
  await expect(table(page)).toHaveAttribute("aria-rowcount", "4");
  await page.keyboard.press("j");
  await expect(table(page).getByRole("row", { selected: true })).toContainText("SELECT stock");
  await page.keyboard.press("Enter");
  await expect(details(page)).toContainText("Attributes");
  await expect(page).toHaveURL(/details=open/);
  await page.goto(page.url());
  await expect(table(page).getByRole("row", { selected: true }), "a link leads to the same").toContainText(
    "SELECT stock",
  );
});

test("links lead both ways", async ({ page }) => {
  await openJourney(page);
  await grid(page).getByRole("row", { name: "receipts process" }).click();
  await details(page).getByRole("button", { name: "receipts send" }).click();
  await expect(details(page).getByRole("heading")).toContainText("receipts send");
  await details(page).getByRole("button", { name: "receipts process" }).click();
  await expect(details(page).getByRole("heading")).toContainText("receipts process");
});

test("a span and the trace are taken along as JSON", async ({ page }) => {
  await openJourney(page);
  await grid(page).getByRole("row", { name: "POST payments" }).click();
  await expect(details(page)).toBeVisible();
  await page.keyboard.press("6");
  const raw = page.getByRole("region", { name: "JSON" });
  await expect(raw).toContainText('"name": "POST payments"');
  await raw.getByRole("button", { name: "API", exact: true }).click();
  await expect(raw).toContainText('"critical_time"');
  await raw.getByRole("button", { name: "Trace", exact: true }).click();
  await raw.getByRole("button", { name: "OTLP", exact: true }).click();
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    raw.getByRole("button", { name: "Download" }).click(),
  ]);
  expect(file.suggestedFilename()).toMatch(/^trace-[0-9a-f]{8}\.otlp\.json$/);
  const told = JSON.parse(await readFile(await file.path(), "utf8"));
  expect(told.resourceSpans.length, "one for each service").toBe(3);
});

test("a trace is compared with the rest and with another one", async ({ page }) => {
  await openJourney(page);
  const here = page.url();
  await page.keyboard.press("7");
  const compare = page.getByRole("region", { name: "Compare" });
  await expect(compare).toContainText("the median of");
  await compare.getByRole("button", { name: "All others" }).click();
  await expect(page).toHaveURL(/with=rest/);
  await expect(compare.getByRole("heading", { name: /Where its time went/ })).toBeVisible();
  await compare.getByRole("textbox").fill("00000000000000000000000000000000");
  await compare.getByRole("button", { name: "Compare", exact: true }).click();
  await expect(compare).toContainText("Nothing is stored under");
  await compare.getByRole("textbox").fill(new URL(here).pathname.split("/").at(-1) ?? "");
  await compare.getByRole("button", { name: "Compare", exact: true }).click();
  await expect(compare, "the same one").toContainText("as long");
  await page.goBack();
  await page.goBack();
  await expect(compare.getByRole("heading", { name: /Where its time went/ })).toBeVisible();
});

test("the help names the keys of the views", async ({ page }) => {
  await openJourney(page);
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Keys" });
  for (const text of [
    "the flame graph",
    "the table of spans",
    "compare with others",
    "fold alike siblings, or show each",
  ]) {
    await expect(help).toContainText(text);
  }
});

test("lines stand beside the span that they were written in", async ({ page }) => {
  await openJourney(page);
  await page.keyboard.press("4");
  const logs = page.getByRole("region", { name: "Logs" });
  await expect(logs).toContainText("order 1041: 3 items");
  await page.keyboard.press("/");
  await page.keyboard.type("budget");
  await expect(logs.getByRole("listitem")).toHaveCount(1);
  await logs.getByRole("listitem").getByRole("button").click();
  await expect(details(page)).toContainText("Takes");
});

test("a trace that still runs says so, and grows without losing what is looked at", async ({ page }) => {
  let isEnded = false;
  await changeTraces(page, detail => {
    if (isEnded) return;
    detail.invocation.outcome = "running";
    detail.trace.invocations[0].outcome = "running";
    detail.trace.spans = detail.trace.spans.slice(0, 8);
    detail.trace.spans_total = 8;
  });
  await openJourney(page);
  await expect(page.getByText("Still running")).toBeVisible();
  await expect(grid(page)).toHaveAttribute("aria-rowcount", "8");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await expect(currentSpan(page)).toContainText("runtime init");
  await expect(grid(page)).toBeFocused();
  isEnded = true;
  await expect(grid(page)).toHaveAttribute("aria-rowcount", "21");
  await expect(page.getByText("Still running")).toBeHidden();
  await expect(currentSpan(page), "the selection stays").toContainText("runtime init");
  await expect(grid(page), "and the focus").toBeFocused();
});

test("a part of a long trace says how much it is", async ({ page }) => {
  await changeTraces(page, detail => {
    detail.trace.spans_total = 250_000;
  });
  await openJourney(page);
  await expect(page.getByText("Shown are 21 of 250,000 spans.")).toBeVisible();
});

test("where siblings are too many to be told, the longest says for how many it stands and leads to them", async ({
  page,
}) => {
  let asked: string | null = null;
  await changeTraces(page, (answer, url) => {
    const below = url.searchParams.get("below");
    asked = below ?? asked;
    const trace = answer.trace ?? answer;
    const folded = { span: 2, siblings: 42_000, errors: 3, hidden: 83_998, total: "9000000000", critical_time: "0" };
    if (below === null) Object.assign(trace, { spans_total: 250_000, folds: [folded] });
  });
  await openJourney(page);
  await expect(page.getByText("Of 250,000 spans 21 are shown")).toBeVisible();
  await grid(page).getByText("42,000").click();
  await expect(details(page)).toContainText("the longest of 42,000 siblings that are alike, of which 3 failed");
  await details(page)
    .getByRole("link", { name: /^Read what is below/ })
    .click();
  await expect(page).toHaveURL(/\/traces\/[0-9a-f]{32}\?below=[0-9a-f]{16}$/);
  await expect(page.getByRole("link", { name: "The whole trace" })).toBeVisible();
  await expect(grid(page)).toBeVisible();
  expect(asked).toMatch(/^[0-9a-f]{16}$/);
});

test("a link to a span is copied by key", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await openJourney(page);
  await grid(page).getByRole("row", { name: "POST payments" }).click();
  await page.keyboard.press("Escape");
  await page.keyboard.press("y");
  await expect(page.getByRole("status").filter({ hasText: "Copied the link" })).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  await page.goto(link);
  await expect(currentSpan(page)).toContainText("POST payments");
});
