/** Walking by keyboard alone; what is focused is asked, never clicked. */

import { expect, type Page } from "@playwright/test";

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

export const grid = (page: Page) => page.getByRole("treegrid", { name: "Spans" });
export const details = (page: Page) => page.getByRole("complementary");
export const currentSpan = (page: Page) => grid(page).getByRole("row", { selected: true });
