/** Walking by keyboard alone; what is focused is asked, never clicked. */

import { expect, type Locator, type Page } from "@playwright/test";

import { keep, LOOKS } from "./looks.ts";
import { expectAccessible } from "./watch.ts";

/** Below what stays at the top of the page, and what a part is chosen by. */
const UNDER_HEAD = 180;
/** More than any page has. */
const MOST_STOPS = 120;

/** Presses j until the row with that text has the focus, then opens it. */
export async function openRow(page: Page, text: string): Promise<void> {
  const rows = page.locator("tbody tr");
  await expect(rows.filter({ hasText: text }).first()).toBeVisible();
  const wanted = rows.filter({ hasText: text }).first().locator("a[data-row]");
  const count = await rows.count();
  for (let pressed = 0; pressed < count; pressed++) {
    await page.keyboard.press("j");
    if (await wanted.evaluate(link => link === document.activeElement)) break;
  }
  await expect(wanted, `the row of ${text} has the focus`).toBeFocused();
  await page.keyboard.press("Enter");
}

/** By the tab key, as who knows no other. */
export async function tabTo(page: Page, what: Locator): Promise<void> {
  await expect(what).toBeVisible();
  for (let pressed = 0; pressed < MOST_STOPS; pressed++) {
    if (await what.evaluate(one => one === document.activeElement)) break;
    await page.keyboard.press("Tab");
  }
  await expect(what).toBeFocused();
}

export async function press(page: Page, ...keys: readonly string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}

/**
 * The page in every look: no wider than the screen, nothing that keeps people out, and a picture for people to look at, which on a
 * phone has a part in it where one is told.
 */
export async function expectSeen(page: Page, name: string, part?: Locator): Promise<void> {
  for (const look of LOOKS) {
    await page.setViewportSize(look.viewport);
    await page.emulateMedia({ colorScheme: look.theme });
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect(page.getByRole("status", { name: /^Loading/ }), "all of it is there").toHaveCount(0);
    await expect(page.locator(".freshness").filter({ hasText: /^in / }), "nothing was read in the future").toHaveCount(
      0,
    );
    // What follows the width by script is drawn again a moment later.
    const across = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    await expect.poll(across, `${name} is not wider than ${look.name}`).toBeLessThanOrEqual(0);
    if (look.phone) await part?.evaluate((one, top) => scrollBy(0, one.getBoundingClientRect().top - top), UNDER_HEAD);
    await keep(page, `demo-${name}-${look.name}`);
    await expectAccessible(page);
  }
  await page.setViewportSize(LOOKS[0]?.viewport ?? page.viewportSize() ?? { width: 1280, height: 860 });
}

export const heading = (page: Page, name: string | RegExp) =>
  expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
export const grid = (page: Page) => page.getByRole("treegrid", { name: "Spans" });
export const details = (page: Page) => page.getByRole("complementary");
export const currentSpan = (page: Page) => grid(page).getByRole("row", { selected: true });
