/**
 * Every page on a real backend with what the demo stored, by keys alone: it is reached, and its main thing is done.
 *
 * Each is seen in both themes, on a desk and on a phone; nothing keeps people out, nothing is told to the console. With
 * `COLDTRACE_URL` it walks through one that runs already, such as `cargo xtask demo`.
 */

import { expect, type Page, test } from "@playwright/test";

import { type Backend, demoBackend } from "./src/backend.ts";
import { sendColdStart } from "./src/send.ts";
import { currentSpan, details, expectSeen, grid, heading, openRow, press, tabTo } from "./src/walk.ts";
import { watchForProblems } from "./src/watch.ts";

const START_MS = 180_000;
/** For the findings to be told on a busy machine, which is the last thing that is done with what is stored; and between two times that they are asked for. */
const TOLD_MS = 180_000;
const PATIENCE_MS = 2_000;
/** A minute that ended, and what is evaluated of it. */
const FIRES_MS = 90_000;

let real: Backend;

test.describe.configure({ mode: "default" });

test.beforeAll(async () => {
  test.setTimeout(START_MS);
  real = await demoBackend();
});

test.afterAll(() => real?.stop());

interface Walk {
  readonly name: string;
  /** What is pressed on the first page to reach it. */
  readonly keys: readonly string[];
  readonly title: string;
  /** What people come for. */
  readonly done: (page: Page) => Promise<void>;
}

const WALKS: readonly Walk[] = [
  {
    name: "overview",
    keys: [],
    title: "Overview",
    done: async page => {
      for (const name of ["checkout", "inventory", "mailer"]) {
        await expect(page.getByRole("row", { name }).first()).toBeVisible();
      }
      await press(page, "/");
      await page.keyboard.type("mail");
      await expect(page.getByRole("row", { name: "checkout" })).toHaveCount(0);
      await page.keyboard.press("Control+a");
      await press(page, "Delete", "Escape");
      await expect(page.getByRole("row", { name: "checkout" }).first()).toBeVisible();
    },
  },
  {
    name: "palette",
    keys: ["Control+k"],
    title: "Overview",
    done: async page => {
      await expect(page.getByRole("combobox", { name: /Go to a page/ })).toBeFocused();
      await page.keyboard.type("inv");
      await expect(page.getByRole("option").first()).toContainText(/inv/i);
    },
  },
  {
    name: "function",
    keys: [],
    title: "Overview",
    done: async page => {
      await openRow(page, "checkout");
      await heading(page, "checkout");
      await expect(page.getByRole("table", { name: "Invocations" }).locator("tbody tr").first()).toBeVisible();
      await expect(page.getByRole("region", { name: "What costs here" }).getByText(/looked at/)).toBeVisible();
      await press(page, "w");
      await expect(page.getByRole("region", { name: "Why is this different?" })).toBeVisible();
    },
  },
  {
    name: "invocations",
    keys: ["g", "i"],
    title: "Invocations",
    done: async page => {
      await tabTo(page, page.getByRole("button", { name: "out of memory" }));
      await press(page, "Enter");
      await expect(page.locator("tbody tr").first()).toContainText("mailer");
      await expect(page.getByText(/^6 of 6 invocations/)).toBeVisible();
    },
  },
  {
    name: "invocation",
    keys: ["g", "i"],
    title: "Invocations",
    done: async page => {
      await tabTo(page, page.getByRole("button", { name: "error" }));
      await press(page, "Enter");
      await expect(page.getByText(/^9 of 9 invocations/)).toBeVisible();
      await openRow(page, "checkout");
      await expect(grid(page)).toBeVisible();
      // The first is the platform's word for it.
      await press(page, "e", "e");
      await expect(currentSpan(page)).toContainText("error");
      await press(page, "Enter");
      await expect(details(page)).toBeFocused();
      await expect(details(page)).toContainText("insufficient funds");
    },
  },
  {
    name: "traces",
    keys: ["g", "t"],
    title: "Traces",
    done: async page => {
      await expect(page.locator("tbody tr").first()).toContainText("checkout");
      await press(page, "j");
      await expect(page.locator("tbody tr").first().locator("a[data-row]")).toBeFocused();
    },
  },
  {
    name: "search",
    keys: ["g", "s"],
    title: "Search",
    done: async page => {
      await page.keyboard.type('{ resource.service.name = "inventory" && duration > 500ms } | select(kind)');
      await press(page, "Escape", "Enter");
      await expect(page.locator("tbody tr").first()).toContainText("checkout");
    },
  },
  {
    name: "map",
    keys: ["g", "m"],
    title: "Map",
    done: async page => {
      await expect(page.getByRole("button", { name: /^inventory, / })).toBeVisible();
      await press(page, "/");
      await page.keyboard.type("checkout");
      await press(page, "Escape");
      await expect(page.getByRole("searchbox"), "it was given up").toHaveValue("");
      await expect(page.getByRole("complementary")).toHaveCount(0);
      await press(page, "/");
      await page.keyboard.type("inventory");
      await press(page, "Enter");
      await expect(page.getByRole("complementary")).toContainText("inventory");
    },
  },
  {
    name: "cold-starts",
    keys: ["g", "d"],
    title: "Cold starts",
    done: async page => {
      for (const phase of ["init", "extension init", "runtime init"]) {
        await expect(
          page.getByRole("region", { name: "By phase" }).getByRole("cell", { name: phase, exact: true }),
        ).toBeVisible();
      }
      await press(page, "j");
      await expect(page.locator("a[data-row]").first()).toBeFocused();
    },
  },
  {
    name: "errors",
    keys: ["g", "e"],
    title: "Errors",
    done: async page => {
      await expect(page.locator("tbody tr").filter({ hasText: "PaymentDeclined" })).toBeVisible();
    },
  },
  {
    name: "error",
    keys: ["g", "e"],
    title: "Errors",
    done: async page => {
      await openRow(page, "PaymentDeclined");
      await heading(page, "PaymentDeclined");
      await expect(page.getByText("Traceback").first()).toBeVisible();
    },
  },
  {
    name: "logs",
    keys: ["g", "l"],
    title: "Logs",
    done: async page => {
      await press(page, "/");
      await page.keyboard.type("not reserved");
      await press(page, "Enter");
      await expect(page).toHaveURL(/reserved/);
      await expect(page.getByText(/order \d+: not reserved, inventory answered/).first()).toBeVisible();
      await expect(page.getByText(/order \d+: \d+ items/)).toHaveCount(0);
    },
  },
  {
    name: "tail",
    keys: ["g", "v"],
    title: "Live",
    done: async page => {
      await expect(page.getByText("Following")).toBeVisible();
      if (real.otlp !== null) await sendColdStart(real.otlp);
      const came = page.getByRole("list", { name: "Invocations" }).getByRole("listitem");
      await expect(came.filter({ hasText: real.otlp === null ? "" : "greeter" }).first()).toBeVisible();
      await press(page, " ");
      await expect(page.getByText("Paused.").first()).toBeVisible();
    },
  },
  {
    name: "start",
    keys: [],
    title: "Overview",
    done: async page => {
      await tabTo(page, page.getByRole("link", { name: "Attach a function" }));
      await press(page, "Enter");
      await heading(page, "Attach a function");
      await expect(page.getByRole("list", { name: /./ }).first()).toBeVisible();
    },
  },
  {
    name: "settings",
    keys: ["g", ","],
    title: "Settings",
    done: async page => {
      await expect(page.getByRole("heading", { name: "Display" })).toBeVisible();
    },
  },
];

for (const one of WALKS) {
  test(`${one.name}, by key`, ({ page }) => walk(page, one));
}

test("a trace in each of its views, by key", async ({ page }) => {
  test.setTimeout(START_MS);
  const problems = watchForProblems(page);
  await begin(page);
  await press(page, "g", "s");
  await heading(page, "Search");
  await page.keyboard.type('{ name = "init" && resource.service.name = "checkout" } && { name = "reserve goods" }');
  await press(page, "Escape", "Enter", "Escape");
  await openRow(page, "checkout");
  await expect(grid(page)).toBeVisible();
  for (const [at, [tab, shows]] of Object.entries(VIEWS).entries()) {
    await press(page, String(at + 1));
    await expect(page.getByRole("tab", { selected: true })).toContainText(tab);
    await expect(page.getByRole("tabpanel")).toContainText(shows);
    await expectSeen(page, `trace-${tab.toLowerCase()}`, page.getByRole("tabpanel"));
  }
  expect(problems()).toEqual([]);
});

/** In the order of their keys, and what each shows of an order whose checkout began cold. */
const VIEWS: Readonly<Record<string, RegExp>> = {
  Waterfall: /runtime init/,
  Flame: /checkout: [\d.]+\sm?s in all/,
  Table: /runtime init/,
  Logs: /order \d+: \d+ items/,
  Journey: /mailer/,
  Raw: /resourceSpans/,
  Compare: /\d\sm?s longer/,
};

test("a receipt that was tried again, by key", async ({ page }) => {
  const problems = watchForProblems(page);
  await begin(page);
  await press(page, "g", "i");
  await openRow(page, "out of memory");
  await expect(grid(page)).toBeVisible();
  const journey = page.getByRole("navigation", { name: "Journey" });
  await expect(journey.getByRole("link", { name: /^mailer/ }), "the queue hands it out once more").toHaveCount(2);
  await expectSeen(page, "retry");
  expect(problems()).toEqual([]);
});

test("alerts: a rule is made, fires and is silenced, by key", async ({ page }) => {
  test.skip(real.otlp === null, "somebody else's rules are left alone");
  test.setTimeout(START_MS + FIRES_MS);
  const problems = watchForProblems(page);
  await begin(page);
  await press(page, "g", "a");
  await heading(page, "Alerts");
  await press(page, "3", "n");
  await heading(page, /rule/i);
  await tabTo(page, page.getByLabel("Name", { exact: true }));
  await page.keyboard.type("orders hang");
  await tabTo(page, page.getByLabel("Measure"));
  await page.keyboard.type("timeouts");
  await tabTo(page, page.getByLabel("Threshold"));
  await page.keyboard.press("Control+a");
  await page.keyboard.type("0");
  await tabTo(page, page.getByLabel("Over", { exact: true }));
  await page.keyboard.press("Control+a");
  await page.keyboard.type("2h");
  await page.keyboard.press("Tab");
  await expect(page.getByText(/Fires when timeouts/)).toBeVisible();
  await expectSeen(page, "rule-new");
  await tabTo(page, page.getByRole("button", { name: "Save" }));
  await press(page, "Enter");
  await heading(page, "orders hang");
  await press(page, "b");
  await expect(page.getByRole("status").filter({ hasText: "would have fired" })).toBeVisible();
  await expectSeen(page, "rule");
  await press(page, "u");
  await expect(page.getByRole("row", { name: "orders hang" })).toContainText("made here");
  await expectSeen(page, "rules");

  await press(page, "5");
  await expect(page.getByRole("link", { name: /^New channel/ })).toBeVisible();
  await expectSeen(page, "channels");
  await press(page, "6");
  await expect(page).toHaveURL(/deliveries/);
  await expectSeen(page, "deliveries");
  await press(page, "2");
  await expect(page.getByRole("row", { name: "out of memory" }).first()).toBeVisible();
  await expectSeen(page, "alert-history");

  await press(page, "1");
  await expect(page.getByRole("row", { name: "orders hang" })).toBeVisible({ timeout: FIRES_MS });
  await expectSeen(page, "alerts");
  await openRow(page, "orders hang");
  await heading(page, /orders hang/);
  await expectSeen(page, "alert");
  await press(page, "s");
  await expect(page.getByLabel("Value 1")).toHaveValue("orders hang");
  await expectSeen(page, "silence-new");
  await tabTo(page, page.getByLabel("Why"));
  await page.keyboard.type("The bank knows");
  await press(page, "Enter");
  await expect(page.getByRole("row", { name: "The bank knows" })).toContainText("in force");
  await expectSeen(page, "silences");
  expect(problems()).toEqual([]);
});

const FINDINGS: Walk = {
  name: "findings",
  keys: ["g", "c"],
  title: "What costs",
  done: async page => {
    const first = page.locator("tbody tr").first();
    // They are looked for once all else is settled.
    await expect(async () => {
      await press(page, "r");
      await expect(first).toBeVisible({ timeout: PATIENCE_MS });
    }).toPass({ timeout: TOLD_MS });
    await press(page, "/");
    await page.keyboard.type("inventory");
    await expect(page.locator("tbody tr").filter({ hasText: "checkout" })).toHaveCount(0);
  },
};

test("findings, by key", async ({ page }) => {
  test.setTimeout(START_MS + TOLD_MS);
  await walk(page, FINDINGS);
});

async function walk(page: Page, { name, keys, title, done }: Walk): Promise<void> {
  const problems = watchForProblems(page);
  await begin(page);
  await press(page, ...keys);
  await heading(page, title);
  await done(page);
  await expectSeen(page, name);
  expect(problems()).toEqual([]);
}

async function begin(page: Page): Promise<void> {
  await page.goto(real.url);
  await expect(page.getByRole("row", { name: "inventory" }).first()).toBeVisible();
}
