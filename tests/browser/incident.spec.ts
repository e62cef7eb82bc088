/**
 * Somebody is woken by a bad release of what their function depends on: from the first page to its cause, by what can be seen there.
 *
 * Counted are the clicks. No address is typed, none is known before.
 */

import { expect, type Locator, test } from "@playwright/test";

import { backend } from "./src/backend.ts";
import { keep } from "./src/looks.ts";
import { sendShop, shopListed } from "./src/shop.ts";
import { watchForProblems } from "./src/watch.ts";

const MOST_CLICKS = 4;
/** The engine's start and the shop's data on a busy machine. */
const WHOLE_MS = 180_000;
const LISTED_MS = 60_000;

test("from the first page to the release and the call that it made slow", async ({ page }) => {
  test.setTimeout(WHOLE_MS);
  const real = await backend();
  test.skip(real.otlp === null, "the incident is its own shop's");
  try {
    const sent = await sendShop(real.otlp ?? "");
    await shopListed(real.url, sent, AbortSignal.timeout(LISTED_MS));
    const problems = watchForProblems(page);
    let clicks = 0;
    const click = async (what: Locator) => {
      await expect(what).toBeVisible();
      await what.click();
      clicks += 1;
    };

    await page.goto(real.url);
    const { function: name, version, serviceVersion } = sent.release;
    const row = page.getByRole("row", { name }).filter({ has: page.getByRole("link", { name, exact: true }) });
    await click(row.getByRole("link", { name, exact: true }));
    await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
    await click(page.getByRole("region", { name: "Why is this different?" }).getByText("slowest 5 %"));

    const causes = page.getByRole("table", { name: "What tells them apart" });
    const first = causes.getByRole("row").nth(1);
    const release = new RegExp(`version = (${version}|${serviceVersion.replaceAll(".", "\\.")})$`);
    await expect(first.locator("code").first(), "the release is the first cause").toHaveText(release);
    const longer = page.getByRole("list", { name: /What differs most by itself/ }).getByRole("listitem");
    await expect(longer.first(), "and the call is what takes longer").toContainText(sent.slowCall);
    await keep(page, "incident-cause");
    expect(clicks).toBeLessThanOrEqual(MOST_CLICKS);
    expect(problems()).toEqual([]);
  } finally {
    await real.stop();
  }
});
