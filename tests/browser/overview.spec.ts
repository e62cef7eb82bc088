/** The overview, and attaching a function: every state in every look, by key, and the ways to what is wrong. */

import { expect, type Page, test } from "@playwright/test";

import type { Scenario } from "../../ui/dev/fake-api.ts";
import { FakeSettings } from "../../ui/dev/settings.ts";
import { type FakeServer, serveFake } from "./src/fake-server.ts";
import { STILL, see } from "./src/looks.ts";
import { openRow } from "./src/walk.ts";
import { watchForProblems } from "./src/watch.ts";

const SCENARIOS = ["full", "empty", "error", "loading", "readonly"] as const satisfies readonly Scenario[];
type Servers = Map<Scenario, FakeServer>;
const servers: Servers = new Map();
/** Where nothing moves: pages that are looked at. */
const still: Servers = new Map();

test.beforeAll(async () => {
  for (const scenario of SCENARIOS) {
    servers.set(scenario, await serveFake(scenario));
    still.set(scenario, await serveFake(scenario, { still: STILL }));
  }
});

test.afterAll(async () => {
  for (const server of [...servers.values(), ...still.values()]) await server.close();
});

// Pages ask again while a test ends: what is being answered is waited for.
test.afterEach(({ page }) => page.unrouteAll({ behavior: "wait" }));

const at = (scenario: Scenario, path: string, of: Servers = servers): string => `${of.get(scenario)?.url}${path}`;

const table = (page: Page) => page.getByRole("table", { name: "Functions" });
const firing = (page: Page) => page.getByRole("region", { name: "Alerts that fire" });
const changes = (page: Page) => page.getByRole("region", { name: /What changed/ });
const rowOf = (page: Page, name: string) => table(page).getByRole("row", { name: new RegExp(`^${name}`) });

interface Settings {
  otlp_grpc: string | null;
  otlp_http: string | null;
  demands_keys: boolean;
  scope: string | null;
  received: { first: string; last: string } | null;
}

/** The made-up settings, but for some of them. */
async function withSettings(page: Page, changes: () => Partial<Settings>): Promise<void> {
  const { status, body } = new FakeSettings(Date.now(), "admin").answer("GET", ["settings"], null);
  await page.route("**/api/v1/settings", route =>
    route.fulfill({ status, json: { ...(body as Settings), ...changes() } }),
  );
}

interface State {
  readonly name: string;
  readonly scenario: Scenario;
  readonly path: string;
  readonly prepare?: (page: Page) => Promise<void>;
  /** Something can't be read, and the browser says so. */
  readonly isFailing?: true;
  /** Compared with its picture in the tree. */
  readonly isCompared?: true;
  /** What is done once the page is there. */
  readonly leads?: (page: Page) => Promise<void>;
  readonly shown: (page: Page) => Promise<void>;
}

const heading = (text: string | RegExp) => (page: Page) =>
  expect(page.getByRole("heading", { name: text }).first()).toBeVisible();

const STATES: readonly State[] = [
  {
    name: "overview",
    isCompared: true,
    scenario: "full",
    path: "/",
    shown: async page => {
      await expect(rowOf(page, "inventory")).toBeVisible();
      await expect(changes(page).getByRole("listitem").first()).toBeVisible();
      await expect(firing(page).getByRole("listitem")).toHaveCount(2);
    },
  },
  {
    name: "overview-not-compared",
    scenario: "full",
    path: "/?compare=off&sort=p95&range=6h",
    shown: page => expect(rowOf(page, "importer")).toBeVisible(),
  },
  {
    name: "overview-all-changes",
    scenario: "full",
    path: "/",
    leads: page => page.getByText("4 more changes").click(),
    shown: async page => {
      await expect(changes(page).getByText("nightly-report")).toBeVisible();
      await expect(changes(page).getByText("has a new version: 43")).toBeVisible();
    },
  },
  {
    name: "overview-nobody-so-named",
    scenario: "full",
    path: "/?name=nobody",
    shown: heading("No function has that name"),
  },
  {
    name: "overview-nothing-then",
    scenario: "full",
    path: "/?from=1&to=2",
    shown: page => expect(page.getByRole("button", { name: "Look at that time" })).toBeVisible(),
  },
  {
    name: "overview-partial",
    scenario: "full",
    path: "/",
    isFailing: true,
    prepare: async page => {
      const error = { code: "unavailable", message: "The store does not answer." };
      await page.route("**/api/v1/changes?**", route => route.fulfill({ status: 503, json: { error } }));
    },
    shown: async page => {
      await expect(page.getByText("What changed could not be read.")).toBeVisible();
      await expect(rowOf(page, "inventory")).toBeVisible();
    },
  },
  {
    name: "overview-loading",
    scenario: "loading",
    path: "/",
    shown: page => expect(page.getByRole("status", { name: "Loading functions" })).toBeVisible(),
  },
  { name: "overview-error", scenario: "error", path: "/", isFailing: true, shown: heading("No functions to show") },
  {
    name: "start",
    isCompared: true,
    scenario: "empty",
    path: "/",
    shown: page => expect(page.getByText("Waiting for the first")).toBeVisible(),
  },
  ...["cdk", "serverless", "sst", "architect", "terraform", "image"].map(
    (tool): State => ({
      name: `start-${tool}`,
      scenario: "full",
      path: `/start?tool=${tool}`,
      shown: page => expect(page.getByText("COLDTRACE_ENDPOINT").first()).toBeVisible(),
    }),
  ),
  {
    name: "start-sdk",
    isCompared: true,
    scenario: "full",
    path: "/start?tab=otlp&tool=go",
    shown: page => expect(page.getByText("otlptracehttp.New(ctx)")).toBeVisible(),
  },
  {
    name: "start-platforms",
    scenario: "full",
    path: "/start?tab=platforms",
    shown: page => expect(page.getByText("https://coldtrace.example:4318/v1/traces")).toBeVisible(),
  },
  {
    name: "start-azure",
    scenario: "full",
    path: "/start?tab=platforms&tool=azure",
    shown: page => expect(page.getByText("telemetryMode")).toBeVisible(),
  },
  {
    name: "start-here",
    scenario: "full",
    path: "/start?tab=here",
    prepare: page =>
      withSettings(page, () => ({
        otlp_grpc: "http://127.0.0.1:4317",
        otlp_http: "http://127.0.0.1:4318",
        demands_keys: false,
        scope: null,
      })),
    shown: page => expect(page.getByText("curl http://127.0.0.1:4318/v1/traces")).toBeVisible(),
  },
  {
    name: "start-loopback",
    scenario: "full",
    path: "/start",
    prepare: page =>
      withSettings(page, () => ({ otlp_grpc: "http://127.0.0.1:4317", otlp_http: "http://127.0.0.1:4318" })),
    shown: page => expect(page.getByText("Only this machine can reach that address.")).toBeVisible(),
  },
  {
    name: "start-unknown-address",
    scenario: "full",
    path: "/start",
    prepare: page => withSettings(page, () => ({ otlp_grpc: null, otlp_http: null })),
    shown: page => expect(page.getByText("export COLDTRACE_ENDPOINT=https://COLLECTOR:4317")).toBeVisible(),
  },
  {
    name: "start-reader",
    scenario: "readonly",
    path: "/start",
    shown: page => expect(page.getByText("coldtrace keys create --name hello")).toBeVisible(),
  },
  {
    name: "start-loading",
    scenario: "loading",
    path: "/start",
    shown: page => expect(page.getByRole("status", { name: "Loading settings" })).toBeVisible(),
  },
  { name: "start-error", scenario: "error", path: "/start", isFailing: true, shown: heading("No settings to show") },
];

for (const state of STATES) {
  test(`${state.name} can be seen`, async ({ page }) => {
    const problems = watchForProblems(page, state.isFailing);
    await page.clock.setFixedTime(STILL);
    await state.prepare?.(page);
    await see(page, {
      name: state.name,
      open: async () => {
        await page.goto(at(state.scenario, state.path, still));
        await state.leads?.(page);
      },
      shown: () => state.shown(page),
      isPlain: state.leads === undefined,
      isOtherOnPhone: true,
      isCompared: state.isCompared ?? false,
    });
    expect(problems()).toEqual([]);
  });
}

test("from a cold overview to what is new in the slow ones, by two keys", async ({ page }) => {
  const problems = watchForProblems(page);
  await page.goto(at("full", "/"));
  await expect(changes(page).getByRole("link").first()).toBeVisible();
  await page.keyboard.press("n");
  const worst = changes(page).getByRole("link", { name: "inventory is slower at p95" });
  await expect(worst, "the worst comes first").toBeFocused();
  await expect(changes(page).getByText("version 43 is new").first(), "and says what is new").toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/functions\/inventory\?range=24h&why=slow$/);
  const why = page.getByRole("region", { name: "Why is this different?" });
  await expect(why.getByRole("button", { name: "slowest 5 %" })).toHaveAttribute("aria-pressed", "true");
  await expect(why.getByText("these", { exact: true })).toBeVisible();
  expect(problems()).toEqual([]);
});

test("each change leads to the page that explains it", async ({ page }) => {
  await page.goto(at("full", "/"));
  await page.getByText("4 more changes").click();
  const leads = (name: string | RegExp, to: RegExp) =>
    expect(changes(page).getByRole("link", { name })).toHaveAttribute("href", to);
  await leads("checkout has a new error", /^\/errors\/[0-9a-f]{16}\?range=24h$/);
  await leads("checkout fails more often", /^\/functions\/checkout\?range=24h&why=errors$/);
  await leads("thumbnails starts cold more often", /^\/functions\/thumbnails\?range=24h&why=cold$/);
  await leads("inventory has a new version: 43", /^\/functions\/inventory\?range=24h&why=version$/);
  await leads("nightly-report went silent", /^\/functions\/nightly-report\?from=\d{19}&to=\d{19}$/);
  await leads("mailer is faster at p95", /^\/functions\/mailer\?range=24h$/);

  await changes(page).getByRole("link", { name: "checkout has a new error" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.getByRole("region", { name: "When they came" })).toBeVisible();
});

test("an alert that fires leads to why it does, and to what is new with it", async ({ page }) => {
  await page.goto(at("full", "/"));
  await expect(firing(page).getByRole("link", { name: "version 43 is new" })).toHaveAttribute(
    "href",
    "/functions/inventory?range=24h&why=version",
  );
  await firing(page)
    .getByRole("link", { name: /inventory is slow/ })
    .click();
  await expect(page.getByText("version = 43")).toBeVisible();
});

test("the top finding leads to the function's findings", async ({ page }) => {
  await page.goto(at("full", "/"));
  await rowOf(page, "inventory")
    .getByRole("link", { name: /less at p95/ })
    .click();
  await expect(page).toHaveURL(/\/functions\/inventory\?range=24h#findings-title$/);
  await expect(page.getByRole("region", { name: "What costs here" })).toContainText("looked at");
});

test("order, name and comparison are in the URL, and back undoes them", async ({ page }) => {
  await page.goto(at("full", "/"));
  const names = table(page).locator("tbody a[data-row]");
  await expect(names.first(), "what got worse comes first").toHaveText("inventory");
  await expect(rowOf(page, "inventory"), "in words, and not by colour alone").toContainText("4.8 × as long, worse");

  await table(page).getByRole("button", { name: "p95" }).click();
  await expect(page).toHaveURL(/\?sort=p95$/);
  await expect(names.first()).toHaveText("importer");
  await expect(table(page).getByRole("columnheader", { name: "p95" })).toHaveAttribute("aria-sort", "descending");
  await table(page).getByRole("button", { name: "p95" }).click();
  await expect(page, "once more is as it was").toHaveURL(/\/$/);
  await expect(names.first()).toHaveText("inventory");

  await page.keyboard.press("c");
  await expect(page).toHaveURL(/\?compare=off$/);
  await expect(page.getByRole("button", { name: "Compare" })).toHaveAttribute("aria-pressed", "false");
  await expect(table(page).getByText("as before")).toHaveCount(0);
  await page.goBack();
  await expect(rowOf(page, "inventory")).toContainText("as long");

  await page.getByRole("button", { name: "this range" }).click();
  await expect(page).toHaveURL(/\?changes=range$/);
  await expect(page.getByRole("heading", { name: "What changed since the hour before" })).toBeVisible();

  await page.keyboard.press("/");
  await page.keyboard.type("invent");
  await expect(names).toHaveText(["inventory"]);
  await expect(changes(page).getByText("checkout")).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole("searchbox", { name: "Filter by name" })).toHaveValue("invent");
});

test("rows are walked by key, and the one that was left is found again", async ({ page }) => {
  await page.goto(at("full", "/"));
  await openRow(page, "mailer");
  await expect(page).toHaveURL(/\/functions\/mailer$/);
  // What it is reached by is known before it is there.
  await expect(page.getByRole("heading", { level: 1, name: "mailer" })).toBeVisible();
  await page.keyboard.press("u");
  await expect(rowOf(page, "mailer").locator("a[data-row]")).toBeFocused();
});

test("on a phone, where the table has no head, the order is chosen from a list", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(at("full", "/"));
  await page.getByLabel("Order by").selectOption("p95");
  await expect(page).toHaveURL(/\?sort=p95$/);
  await expect(table(page).locator("tbody a[data-row]").first()).toHaveText("importer");
});

test("where nothing came in the range, the time of the last is offered", async ({ page }) => {
  await page.goto(at("full", "/?from=1&to=2"));
  await page.getByRole("button", { name: "Look at that time" }).click();
  await expect(page).toHaveURL(/\?range=15m$/);
  await expect(table(page).locator("tbody tr").first()).toBeVisible();
});

test("before anything came, the overview is how to attach a function; the first span is told", async ({ page }) => {
  const problems = watchForProblems(page);
  await page.goto(at("empty", "/"));
  await expect(page).toHaveURL(/\/start$/);
  await expect(page.getByRole("status").filter({ hasText: "Waiting for the first span…" })).toBeVisible();

  const now = `${Date.now()}000000`;
  await withSettings(page, () => ({ received: { first: now, last: now } }));
  const told = page.getByRole("status").filter({ hasText: "First span received" });
  await expect(told).toContainText(/just now|[0-9]\ss ago/);
  await expect(told.getByRole("link", { name: "See the traces" }), "no invocation is among it").toBeVisible();
  expect(problems()).toEqual([]);
});

test("a span that is an invocation is led to", async ({ page }) => {
  let received: Settings["received"] = null;
  await withSettings(page, () => ({ received }));
  await page.goto(at("full", "/start"));
  await expect(page.getByText("Waiting for the first span…")).toBeVisible();
  const now = `${Date.now()}000000`;
  received = { first: now, last: now };
  await page.getByRole("link", { name: /See the invocation of/ }).click();
  await expect(page).toHaveURL(/\/invocations\/[0-9a-f-]{36}$/);
});

test("a key is made, stands in what is copied, and is not shown again", async ({ page, context, browserName }) => {
  test.skip(browserName !== "chromium", "permissions of the clipboard are asked for by name");
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto(at("full", "/start?tab=otlp&tool=python"));
  await expect(page.getByText("x-api-key=KEY")).toBeVisible();
  await page.getByLabel("Name of the key").fill("checkout");
  await page.keyboard.press("Enter");
  await expect(page.getByText("This key is shown once.")).toBeVisible();
  const made = /x-api-key=ct_ingest_\w{20,}/;
  await expect(page.getByText(made)).toBeVisible();
  await page.getByRole("listitem").filter({ hasText: "Say where it sends to" }).getByRole("button").click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(made);

  await page.getByRole("button", { name: "Other platforms" }).click();
  await expect(page.getByText(/Header: {2}x-api-key: ct_ingest_/), "on the other tabs, too").toBeVisible();
  await page.reload();
  await expect(page.getByText("Header:  x-api-key: KEY")).toBeVisible();
  await expect(page.getByText("ct_ingest_")).toHaveCount(0);
});

test("a key that can't be made says why", async ({ page }) => {
  await page.route("**/api/v1/keys", route =>
    route.fulfill({ status: 409, json: { error: { code: "conflict", message: "There is a key of that name." } } }),
  );
  await page.goto(at("full", "/start"));
  await page.getByRole("button", { name: "Make a key" }).click();
  await expect(page.getByRole("alert")).toHaveText("No key was made. There is a key of that name.");
});

for (const width of [320, 761, 940, 1000, 1141, 1241]) {
  test(`on ${width} px nothing is wider than the page`, async ({ page }) => {
    await page.setViewportSize({ width, height: 844 });
    await page.goto(at("full", "/"));
    await expect(rowOf(page, "inventory")).toBeVisible();
    await page.getByText("4 more changes").click();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(
      await page.evaluate(() => document.documentElement.clientWidth),
    );
  });
}
