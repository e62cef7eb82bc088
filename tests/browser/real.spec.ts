/**
 * The real thing: functions > invocation > trace by keyboard alone, in both themes, against a real backend.
 *
 * With `COLDTRACE_URL` it looks at one that runs already, such as the demo, and opens the newest invocation there is.
 */

import { expect, type Page, test } from "@playwright/test";

import { type Backend, backend } from "./src/backend.ts";
import { keep } from "./src/looks.ts";
import { listed, sendColdStart } from "./src/send.ts";
import { currentSpan, details, grid, openRow } from "./src/walk.ts";
import { expectAccessible, watchForProblems } from "./src/watch.ts";

/** The engine's start on a busy machine, and two walks. */
const WHOLE_MS = 180_000;
const LISTED_MS = 30_000;

test("functions > invocation > trace, on a real backend", async ({ browser }) => {
  test.setTimeout(WHOLE_MS);
  const real = await backend();
  try {
    const name = await aFunction(real);
    for (const colorScheme of ["dark", "light"] as const) {
      const page = await browser.newPage({ colorScheme, viewport: { width: 1280, height: 860 } });
      await walk(page, real.url, name, colorScheme);
      await page.close();
    }
  } finally {
    await real.stop();
  }
});

/** The name of a function that has been invoked. */
async function aFunction({ url, otlp }: Backend): Promise<string> {
  if (otlp !== null) {
    const sent = await sendColdStart(otlp);
    await listed(url, sent, AbortSignal.timeout(LISTED_MS));
    return sent.function;
  }
  const response = await fetch(`${url}/api/v1/functions`);
  const { functions } = (await response.json()) as { functions: { function: string }[] };
  const name = functions.find(one => one.function === "checkout")?.function ?? functions[0]?.function;
  if (name === undefined) throw new Error(`${url} has no invocations of the last hour`);
  return name;
}

async function walk(page: Page, url: string, name: string, theme: string): Promise<void> {
  const problems = watchForProblems(page);
  await page.goto(url);
  await expect(page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
  await expect(page.getByRole("row", { name })).toBeVisible();
  await keep(page, `real-functions-${theme}`);
  await openRow(page, name);
  await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
  const list = page.getByRole("table", { name: "Invocations" });
  await expect(list.locator("tbody tr").first()).toBeVisible();
  const costs = page.getByRole("region", { name: "What costs here" });
  await expect(costs.getByText(/looked at/)).toBeVisible();
  await keep(page, `real-function-${theme}`);

  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await expect(grid(page)).toBeVisible();
  await page.keyboard.press("j");
  await expect(currentSpan(page)).toBeVisible();
  await keep(page, `real-invocation-${theme}`);
  await page.keyboard.press("c");
  await page.keyboard.press("Enter");
  await expect(details(page)).toBeFocused();
  await keep(page, `real-span-${theme}`);
  await page.keyboard.press("Escape");
  await expect(grid(page)).toBeFocused();
  await expectAccessible(page);
  expect(problems()).toEqual([]);
}
