/**
 * Every page on a real backend with two hours of a shop, by keys alone: it is reached, and its main thing is done.
 *
 * Seen are both themes, on a desk and on a phone; nothing keeps people out, nothing is told to the console.
 */

import { expect, type Page, test } from "@playwright/test";

import { type Backend, backend } from "./src/backend.ts";
import { keep, LOOKS } from "./src/looks.ts";
import { sendColdStart } from "./src/send.ts";
import { type Sent, sendShop, shopListed } from "./src/shop.ts";
import { currentSpan, details, grid, openRow } from "./src/walk.ts";
import { expectAccessible, watchForProblems } from "./src/watch.ts";

const START_MS = 180_000;
const LISTED_MS = 60_000;

let real: Backend;
let sent: Sent;

test.describe.configure({ mode: "default" });

test.beforeAll(async () => {
  test.setTimeout(START_MS);
  real = await backend();
  test.skip(real.otlp === null, "the shop is its own");
  sent = await sendShop(real.otlp ?? "");
  await shopListed(real.url, sent, AbortSignal.timeout(LISTED_MS));
});

test.afterAll(() => real.stop());

interface Walk {
  readonly name: string;
  /** What is pressed on the first page to reach it. */
  readonly keys: readonly string[];
  readonly reached: (page: Page) => Promise<void>;
  /** What people come for. */
  readonly done: (page: Page) => Promise<void>;
}

const heading = (name: string | RegExp) => (page: Page) =>
  expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
const press = async (page: Page, ...keys: readonly string[]) => {
  for (const key of keys) await page.keyboard.press(key);
};

const WALKS: readonly Walk[] = [
  {
    name: "function",
    keys: [],
    reached: page => openRow(page, "inventory"),
    done: async page => {
      await heading("inventory")(page);
      await expect(page.getByRole("region", { name: "Why is this different?" })).toBeVisible();
      await press(page, "w");
      const why = page.getByRole("table", { name: "What tells them apart" });
      await expect(why.getByRole("row").nth(1)).toContainText(/version = (8|1\.8\.0)/);
    },
  },
  {
    name: "invocation",
    keys: ["g", "i"],
    reached: heading("Invocations"),
    done: async page => {
      await openRow(page, "error");
      await expect(grid(page)).toBeVisible();
      await press(page, "e");
      await expect(currentSpan(page)).toContainText("error");
      await expect(page.getByText("card declined").first(), "its line").toBeVisible();
    },
  },
  {
    name: "trace",
    keys: ["g", "t"],
    reached: heading("Traces"),
    done: async page => {
      await openRow(page, "checkout");
      await expect(grid(page)).toBeVisible();
      await press(page, "/");
      await page.keyboard.type("SELECT");
      await press(page, "Enter", "n");
      await expect(currentSpan(page)).toContainText("SELECT stock");
      await press(page, "Enter");
      await expect(details(page)).toContainText("postgresql");
    },
  },
  {
    name: "search",
    keys: ["g", "s"],
    reached: heading("Search"),
    done: async page => {
      const line = page.getByRole("combobox", { name: /query/i }).or(page.getByRole("textbox", { name: /query/i }));
      await expect(line.first()).toBeFocused();
      await page.keyboard.type('{ name = "SELECT stock" && duration > 500ms }');
      await press(page, "Escape", "Enter");
      await expect(page.locator("tbody tr").first()).toContainText("checkout");
    },
  },
  {
    name: "map",
    keys: ["g", "m"],
    reached: heading("Map"),
    done: async page => {
      const database = page.getByRole("button", { name: /^stock\.db\.example.*, / });
      await expect(database).toBeVisible();
      await press(page, "/");
      await page.keyboard.type("stock");
      await press(page, "Enter");
      await expect(page.getByRole("complementary")).toContainText("postgresql");
    },
  },
  {
    name: "cold-starts",
    keys: ["g", "d"],
    reached: heading("Cold starts"),
    done: async page => {
      await openRow(page, "checkout");
      await expect(page).toHaveURL(/checkout/);
    },
  },
  {
    name: "findings",
    keys: ["g", "c"],
    reached: heading("What costs"),
    done: async page => {
      await press(page, "/");
      await expect(page.getByRole("searchbox").first()).toBeFocused();
    },
  },
  {
    name: "errors",
    keys: ["g", "e"],
    reached: heading("Errors"),
    done: async page => {
      await openRow(page, "CardDeclined");
      await heading("CardDeclined")(page);
      await expect(page.getByText("Traceback").first()).toBeVisible();
    },
  },
  {
    name: "logs",
    keys: ["g", "l"],
    reached: heading("Logs"),
    done: async page => {
      await press(page, "/");
      await page.keyboard.type("card declined");
      await press(page, "Enter");
      await expect(page).toHaveURL(/card/);
      await expect(page.getByText(/order \d+: card declined/).first()).toBeVisible();
      await expect(page.getByText(/order \d+: 2 items/)).toHaveCount(0);
    },
  },
  {
    name: "tail",
    keys: ["g", "v"],
    reached: heading("Live"),
    done: async page => {
      await expect(page.getByText("Following")).toBeVisible();
      await sendColdStart(real.otlp ?? "");
      await expect(page.getByText("greeter").first()).toBeVisible();
      await press(page, " ");
      await expect(page.getByText("Paused.").first()).toBeVisible();
    },
  },
  {
    name: "rules",
    keys: ["g", "a"],
    reached: heading("Alerts"),
    done: async page => {
      await tab(page, "Rules");
      await openRow(page, "timeouts");
      await heading("timeouts")(page);
      await expect(page.getByText(/Fires when timeouts/)).toBeVisible();
    },
  },
  {
    name: "silences",
    keys: ["g", "a"],
    reached: heading("Alerts"),
    done: async page => {
      await tab(page, "Silences");
      await expect(page.getByRole("link", { name: /^New silence/ })).toBeVisible();
      await press(page, "n");
      await heading(/silence/i)(page);
    },
  },
  {
    name: "channels",
    keys: ["g", "a"],
    reached: heading("Alerts"),
    done: async page => {
      await tab(page, "Channels");
      await expect(page.getByRole("link", { name: /^New channel/ })).toBeVisible();
      await press(page, "n");
      await heading(/channel/i)(page);
    },
  },
  {
    name: "deliveries",
    keys: ["g", "a"],
    reached: heading("Alerts"),
    done: async page => {
      await tab(page, "Deliveries");
      await expect(page).toHaveURL(/deliveries/);
      await expect(page.getByRole("main")).not.toBeEmpty();
    },
  },
];

/** By the tab key, as who knows no other. */
async function tab(page: Page, name: string): Promise<void> {
  const link = page.getByRole("link", { name, exact: true });
  await expect(link).toBeVisible();
  for (let pressed = 0; pressed < 60; pressed++) {
    if (await link.evaluate(one => one === document.activeElement)) break;
    await page.keyboard.press("Tab");
  }
  await expect(link).toBeFocused();
  await page.keyboard.press("Enter");
}

for (const { name, keys, reached, done } of WALKS) {
  test(`${name}, by key`, async ({ page }) => {
    const problems = watchForProblems(page);
    await page.goto(real.url);
    await expect(page.getByRole("row", { name: "inventory" }).first()).toBeVisible();
    await press(page, ...keys);
    await reached(page);
    await done(page);
    expect(problems()).toEqual([]);
    const place = new URL(page.url());
    for (const look of LOOKS) {
      await page.setViewportSize(look.viewport);
      await page.emulateMedia({ colorScheme: look.theme });
      await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
      // What follows the width by script is drawn again a moment later.
      const across = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      await expect.poll(across, `${place.pathname} is not wider than ${look.name}`).toBeLessThanOrEqual(0);
      await keep(page, `real-${name}-${look.name}`);
    }
    await expectAccessible(page);
  });
}
