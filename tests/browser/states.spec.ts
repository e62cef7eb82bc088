/** Every state of every page, in both themes, on a desk and on a phone. */

import { expect, type Page, test } from "@playwright/test";

import { SCENARIOS, type Scenario } from "../../ui/dev/fake-api.ts";
import { type FakeServer, serveFake } from "./src/fake-server.ts";
import { STILL, see } from "./src/looks.ts";
import { watchForProblems } from "./src/watch.ts";

const DAY_MILLIS = 86_400_000;
/** So many invocations are told of by the quiet server. */
const COMES = 14;

const servers = new Map<Scenario, FakeServer>();
let quiet: FakeServer;

test.beforeAll(async () => {
  for (const scenario of SCENARIOS) servers.set(scenario, await serveFake(scenario, { still: STILL }));
  quiet = await serveFake("full", { still: STILL, comes: COMES });
});

test.afterAll(async () => {
  for (const server of [...servers.values(), quiet]) await server.close();
});

interface State {
  readonly name: string;
  readonly scenario: Scenario;
  readonly path: string;
  /** Some of what it asks for is not there, and the browser says so. */
  readonly isMissing?: true;
  /** Looked at a day later: dates stand before the times. */
  readonly isLater?: true;
  /** Its server tells of some that come, and then no more. */
  readonly isQuiet?: true;
  /** Compared with its picture in the tree. */
  readonly isCompared?: true;
  /** What is done once the page is there. */
  readonly leads?: (page: Page) => Promise<void>;
  /** What is seen then. */
  readonly shown?: (page: Page) => Promise<void>;
}

const heading = (text: string | RegExp) => (page: Page) =>
  expect(page.getByRole("heading", { name: text }).first()).toBeVisible();
const loading = (page: Page) => expect(page.getByRole("status", { name: /Loading/ }).last()).toBeVisible();
const rows = (page: Page) => expect(page.locator("tbody tr").first()).toBeVisible();
const drawn = (page: Page) => expect(page.getByRole("button", { name: /^checkout, .*; function/ })).toBeVisible();
const openFirst = async (page: Page) => {
  await page.locator("tbody tr a").first().click();
  await expect(page.getByRole("treegrid").or(page.getByText("No span arrived."))).toBeVisible();
};
const openInvocation = (label: string) => async (page: Page) => {
  await rows(page);
  await page.getByRole("row", { name: label }).getByRole("link").first().click();
  await expect(page.getByRole("heading", { name: "Logs" })).toBeVisible();
};

const SLOW_QUERY = '{ resource.service.name = "checkout" && duration > 100ms }';
const SLOW = encodeURIComponent(SLOW_QUERY);

const STATES: readonly State[] = [
  { name: "functions", scenario: "full", path: "/", shown: rows },
  { name: "functions-empty", scenario: "empty", path: "/", shown: heading("Attach a function") },
  { name: "functions-loading", scenario: "loading", path: "/", shown: loading },
  { name: "functions-error", scenario: "error", path: "/", shown: heading("No functions to show") },
  { name: "function", isCompared: true, scenario: "full", path: "/functions/checkout", shown: heading("Cold starts") },
  { name: "function-heatmap", scenario: "full", path: "/functions/checkout?chart=heatmap", shown: rows },
  {
    name: "function-why",
    isCompared: true,
    scenario: "full",
    path: "/functions/checkout?why=slow",
    leads: async page => {
      await expect(page.getByRole("table", { name: "What tells them apart" })).toBeVisible();
      await page.getByRole("heading", { name: "Why is this different?" }).scrollIntoViewIfNeeded();
    },
  },
  {
    name: "function-time",
    isCompared: true,
    scenario: "full",
    path: "/functions/checkout?range=6h",
    leads: async page => {
      await expect(page.getByRole("region", { name: "Where the time goes" })).toContainText("looked at");
      await page.getByRole("slider", { name: "On what the time of each step went" }).focus();
      await page.keyboard.press("ArrowLeft");
      await page.getByRole("heading", { name: "Where the time goes" }).scrollIntoViewIfNeeded();
    },
  },
  {
    name: "function-sandboxes",
    scenario: "full",
    path: "/functions/checkout?sandboxes=open",
    leads: async page => {
      await expect(page.getByRole("table", { name: "Sandboxes" })).toBeVisible();
      await page.getByRole("heading", { name: "Sandboxes" }).scrollIntoViewIfNeeded();
    },
  },
  { name: "function-nothing", scenario: "full", path: "/functions/mailer", shown: heading(/Nothing costs more/) },
  {
    name: "function-empty",
    scenario: "empty",
    path: "/functions/checkout",
    isMissing: true,
    shown: heading(/No invocation of checkout/),
  },
  { name: "function-loading", scenario: "loading", path: "/functions/checkout", shown: loading },
  { name: "function-error", scenario: "error", path: "/functions/checkout", shown: heading("No invocations to show") },
  { name: "findings", isCompared: true, scenario: "full", path: "/findings", shown: rows },
  { name: "findings-empty", scenario: "empty", path: "/findings", shown: heading(/Nothing was found/) },
  { name: "findings-loading", scenario: "loading", path: "/findings", shown: loading },
  { name: "findings-error", scenario: "error", path: "/findings", shown: heading("No findings to show") },
  {
    name: "invocations",
    isCompared: true,
    scenario: "full",
    path: "/invocations?outcome=error,timeout,oom,crash",
    shown: rows,
  },
  { name: "invocations-later", scenario: "full", path: "/invocations?range=7d", isLater: true, shown: rows },
  { name: "traces", isCompared: true, scenario: "full", path: "/traces?sort=slowest", shown: rows },
  { name: "traces-later", scenario: "full", path: "/traces?range=7d", isLater: true, shown: rows },
  { name: "traces-empty", scenario: "empty", path: "/traces", shown: heading(/No trace/) },
  { name: "invocation-loading", scenario: "loading", path: "/invocations/some", shown: loading },
  {
    name: "invocation-missing",
    scenario: "full",
    path: "/invocations/some",
    isMissing: true,
    shown: heading("There is no such invocation"),
  },
  { name: "invocation-error", scenario: "error", path: "/invocations/some", shown: heading("No invocation to show") },
  {
    name: "journey",
    isCompared: true,
    scenario: "full",
    path: "/invocations?start=cold",
    leads: openInvocation("checkout"),
  },
  { name: "timeout", scenario: "full", path: "/invocations?outcome=timeout", leads: openInvocation("timeout") },
  { name: "oom", scenario: "full", path: "/invocations?outcome=oom", leads: openInvocation("out of memory") },
  { name: "no-spans", scenario: "full", path: "/invocations?outcome=crash", leads: openInvocation("crash") },
  {
    name: "exception",
    isCompared: true,
    scenario: "full",
    path: "/functions/checkout?outcome=error",
    leads: async page => {
      await openInvocation("371")(page);
      await page.getByRole("button", { name: "show the span" }).click();
      await expect(page.getByRole("complementary")).toContainText("Traceback");
    },
  },
  {
    name: "trace",
    isCompared: true,
    scenario: "full",
    path: "/traces?sort=slowest",
    leads: async page => {
      await rows(page);
      await openFirst(page);
    },
  },
  { name: "search", scenario: "full", path: "/search", shown: heading("To begin with") },
  {
    name: "search-typing",
    scenario: "full",
    path: "/search",
    leads: async page => {
      const line = page.getByRole("combobox", { name: "Query" });
      await line.fill('{ resource.service.name = "checkout" && span.');
      await expect(page.getByRole("option").first()).toBeVisible();
      await line.press("ArrowDown");
    },
  },
  { name: "search-list", isCompared: true, scenario: "full", path: `/search?q=${SLOW}`, shown: rows },
  {
    name: "search-columns",
    scenario: "full",
    path: `/search?q=${encodeURIComponent(`${SLOW_QUERY} | by(name) | max(duration) > 0 | select(kind, .faas.trigger)`)}`,
    shown: rows,
  },
  {
    name: "search-scatter",
    isCompared: true,
    scenario: "full",
    path: `/search?q=${SLOW}&view=scatter`,
    leads: async page => {
      await page.getByRole("slider", { name: "Points" }).focus();
      await page.keyboard.press("ArrowLeft");
      await expect(page.getByRole("link", { name: "Open the trace" })).toBeVisible();
    },
  },
  {
    name: "search-scatter-groups",
    scenario: "full",
    path: `/search?q=${encodeURIComponent("{ kind = client } | by(name)")}&view=scatter&of=spans&colour=group&least=10000000`,
    shown: page => expect(page.getByRole("slider", { name: "Points" })).toBeVisible(),
  },
  {
    name: "search-groups",
    isCompared: true,
    scenario: "full",
    path: `/search?q=${encodeURIComponent("{ kind = client } | by(name) | avg(duration) > 0")}&view=groups`,
    shown: rows,
  },
  {
    name: "search-group-by",
    scenario: "full",
    path: `/search?q=${SLOW}&view=groups`,
    shown: page => expect(page.getByRole("list", { name: "Group by", exact: true })).toBeVisible(),
  },
  {
    name: "search-mistake",
    scenario: "full",
    path: `/search?q=${encodeURIComponent("{ .µ = 1 && durations > 1s }")}`,
    isMissing: true,
    shown: page => expect(page.getByText("is no field and no constant")).toBeVisible(),
  },
  {
    name: "search-partial",
    scenario: "full",
    path: `/search?q=${encodeURIComponent("{ status = error }")}&range=24h`,
    shown: page => expect(page.getByText("The search used up its time")).toBeVisible(),
  },
  {
    name: "search-nothing",
    scenario: "full",
    path: `/search?q=${encodeURIComponent('{ name = "nothing is called so" }')}`,
    shown: heading(/No trace matches/),
  },
  {
    name: "search-kept",
    scenario: "full",
    path: `/search?q=${SLOW}`,
    leads: async page => {
      await rows(page);
      await page.keyboard.press("h");
      await page.getByLabel("Save this query as").fill("slow checkouts");
      await page.keyboard.press("Enter");
      await expect(page.getByText("Saved as")).toBeVisible();
    },
  },
  { name: "search-empty", scenario: "empty", path: "/search", shown: heading("To begin with") },
  { name: "search-loading", scenario: "loading", path: `/search?q=${SLOW}`, shown: loading },
  { name: "search-error", scenario: "error", path: `/search?q=${SLOW}`, shown: heading("No traces to show") },
  { name: "errors", isCompared: true, scenario: "full", path: "/errors", shown: rows },
  { name: "errors-empty", scenario: "empty", path: "/errors", shown: heading(/Nothing failed/) },
  { name: "errors-loading", scenario: "loading", path: "/errors", shown: loading },
  { name: "errors-error", scenario: "error", path: "/errors", shown: heading("No kinds of error to show") },
  {
    name: "error",
    isCompared: true,
    scenario: "full",
    path: "/errors?function=checkout",
    leads: async page => {
      await page.getByRole("link", { name: "PaymentDeclined" }).click();
      await expect(page.getByRole("heading", { name: "Stack" })).toBeVisible();
    },
  },
  {
    name: "error-missing",
    scenario: "full",
    path: "/errors/0000000000000000",
    isMissing: true,
    shown: heading(/There is no such error/),
  },
  { name: "map", isCompared: true, scenario: "full", path: "/map?view=map", shown: drawn },
  { name: "map-node", scenario: "full", path: "/map?view=map&node=service%3Acheckout", shown: drawn },
  { name: "map-list", isCompared: true, scenario: "full", path: "/map?view=list&range=6h", shown: rows },
  { name: "map-empty", scenario: "empty", path: "/map", shown: heading(/Nobody called anybody/) },
  { name: "map-loading", scenario: "loading", path: "/map", shown: loading },
  { name: "map-error", scenario: "error", path: "/map", shown: heading("No map to show") },
  {
    name: "logs",
    isCompared: true,
    scenario: "full",
    path: "/logs",
    leads: async page => {
      const line = page.getByRole("button", { name: /answered 200 in/ }).first();
      await line.click();
      await expect(page.getByText("http.method").first()).toBeVisible();
    },
  },
  { name: "logs-empty", scenario: "empty", path: "/logs?severity=error", shown: heading(/Nothing was logged/) },
  { name: "logs-loading", scenario: "loading", path: "/logs", shown: loading },
  { name: "logs-error", scenario: "error", path: "/logs", shown: heading("No lines to show") },
  {
    name: "cold-starts",
    isCompared: true,
    scenario: "full",
    path: "/cold-starts",
    shown: page => expect(page.getByRole("row", { name: /^checkout/ }).first()).toContainText("812"),
  },
  {
    name: "cold-starts-empty",
    scenario: "empty",
    path: "/cold-starts",
    shown: heading(/Nothing waited for a cold start/),
  },
  { name: "cold-starts-loading", scenario: "loading", path: "/cold-starts", shown: loading },
  { name: "cold-starts-error", scenario: "error", path: "/cold-starts", shown: heading("No cold starts to show") },
  {
    name: "tail",
    scenario: "full",
    path: "/tail",
    leads: async page => {
      await expect(page.getByRole("list", { name: "Invocations" }).getByRole("listitem").nth(14)).toBeVisible();
      await page.keyboard.press(" ");
      await expect(page.getByText(/Paused\. [1-9][0-9]+ wait/)).toBeVisible();
    },
  },
  {
    name: "tail-logs",
    scenario: "full",
    path: "/tail?of=logs&severity=warn",
    shown: page => expect(page.getByRole("list", { name: "Lines" }).getByRole("listitem").nth(9)).toBeVisible(),
  },
  {
    name: "tail-still",
    isCompared: true,
    scenario: "full",
    path: "/tail",
    isQuiet: true,
    shown: page => expect(page.getByRole("list", { name: "Invocations" }).getByRole("listitem")).toHaveCount(COMES),
  },
  { name: "tail-empty", scenario: "empty", path: "/tail", shown: heading("Nothing came yet") },
  { name: "tail-loading", scenario: "loading", path: "/tail", shown: heading("Nothing to show yet") },
  {
    name: "tail-error",
    scenario: "error",
    path: "/tail",
    shown: page => expect(page.getByText(/Reconnecting since/)).toBeVisible(),
  },
  { name: "alerts", isCompared: true, scenario: "full", path: "/alerts", shown: rows },
  { name: "alerts-empty", scenario: "empty", path: "/alerts", shown: heading("Nothing fires") },
  { name: "alerts-loading", scenario: "loading", path: "/alerts", shown: loading },
  { name: "alerts-error", scenario: "error", path: "/alerts", shown: heading("No alerts to show") },
  {
    name: "alert",
    isCompared: true,
    scenario: "full",
    path: "/alerts/9f1c0a77b2d4e658",
    shown: async page => {
      await expect(page.getByText("version = 43")).toBeVisible();
      await rows(page);
    },
  },
  {
    name: "alert-pending",
    scenario: "full",
    path: "/alerts/77aa01c3de45f912",
    shown: page => expect(page.getByText("does not fire yet")).toBeVisible(),
  },
  {
    name: "alert-missing",
    scenario: "full",
    path: "/alerts/0000000000000000",
    isMissing: true,
    shown: heading("There is no such alert"),
  },
  { name: "alerts-history", scenario: "full", path: "/alerts/history", shown: rows },
  { name: "alerts-history-empty", scenario: "empty", path: "/alerts/history", shown: heading("Nothing fired so far") },
  { name: "rules", scenario: "full", path: "/alerts/rules", shown: heading(/imports.toml has 2 mistakes/) },
  { name: "rules-empty", scenario: "empty", path: "/alerts/rules", shown: heading("Nothing is watched yet") },
  { name: "rule-new", scenario: "full", path: "/alerts/rules/new", shown: heading("As TOML") },
  {
    name: "rule-tested",
    isCompared: true,
    scenario: "full",
    path: "/alerts/rules/r41aa7?test=7d",
    leads: async page => {
      await expect(page.getByRole("status").filter({ hasText: "would have fired" })).toBeVisible();
      await page.getByRole("slider", { name: "Values against the threshold" }).focus();
      await page.keyboard.press("ArrowLeft");
    },
  },
  {
    name: "rule-of-file",
    scenario: "full",
    path: "/alerts/rules/file:budget%20burns",
    shown: page => expect(page.getByText("is changed there")).toBeVisible(),
  },
  { name: "silences", scenario: "full", path: "/alerts/silences", shown: rows },
  { name: "silences-empty", scenario: "empty", path: "/alerts/silences", shown: heading("Nothing is silenced") },
  {
    name: "silence-new",
    scenario: "full",
    path: "/alerts/silences/new?match=function%3Dinventory",
    shown: page => expect(page.getByText("1 alert of those")).toBeVisible(),
  },
  { name: "channels", isCompared: true, scenario: "full", path: "/alerts/channels", shown: rows },
  { name: "channels-empty", scenario: "empty", path: "/alerts/channels", shown: heading("Nobody is told") },
  { name: "channel-new", scenario: "full", path: "/alerts/channels/new", shown: heading("New channel") },
  {
    name: "channel-disabled",
    scenario: "full",
    path: "/alerts/channels/c-old",
    shown: heading("Nothing is delivered to it"),
  },
  {
    name: "channel-tested",
    scenario: "full",
    path: "/alerts/channels/c-tickets",
    leads: async page => {
      await page.getByRole("button", { name: "Send a test message" }).click();
      await heading("What is sent")(page);
    },
  },
  { name: "deliveries", scenario: "full", path: "/alerts/deliveries", shown: rows },
  { name: "deliveries-empty", scenario: "empty", path: "/alerts/deliveries", shown: heading("Nothing was sent yet") },
  { name: "delivery", scenario: "full", path: "/alerts/deliveries/msg_2f9", shown: heading("What is sent") },
  {
    name: "menu",
    scenario: "full",
    path: "/traces",
    leads: async page => {
      await rows(page);
      const more = page.getByRole("button", { name: /more pages/i });
      if (await more.isVisible()) await more.click();
    },
  },
  {
    name: "keys",
    isCompared: true,
    scenario: "full",
    path: "/functions/checkout",
    leads: async page => {
      // The last that comes, with keys of its own.
      await expect(page.getByRole("table", { name: "Invocations" }).locator("tbody a").first()).toBeVisible();
      await page.keyboard.press("?");
      await heading("Keys")(page);
      await expect(page.getByRole("dialog").getByText("open the row")).toBeVisible();
    },
  },
];

for (const state of STATES) test(`${state.name} can be seen`, ({ page }) => check(page, state));

async function check(page: Page, state: State): Promise<void> {
  const problems = watchForProblems(page, state.scenario === "error" || state.isMissing);
  await page.clock.setFixedTime(state.isLater ? STILL + DAY_MILLIS : STILL);
  await see(page, {
    name: state.name,
    open: async () => {
      await page.goto(`${(state.isQuiet ? quiet : servers.get(state.scenario))?.url}${state.path}`);
      await state.leads?.(page);
    },
    shown: async () => state.shown?.(page),
    isPlain: state.leads === undefined,
    isCompared: state.isCompared ?? false,
  });
  expect(problems()).toEqual([]);
}
