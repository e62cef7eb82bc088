import { join } from "node:path";

import type { Page } from "@playwright/test";

export interface Look {
  readonly name: string;
  readonly theme: "dark" | "light";
  readonly phone: boolean;
  readonly viewport: { readonly width: number; readonly height: number };
}

const DESK = { width: 1280, height: 860 };
const PHONE = { width: 390, height: 844 };

export const LOOKS: readonly Look[] = [
  { name: "dark-1280", theme: "dark", phone: false, viewport: DESK },
  { name: "light-1280", theme: "light", phone: false, viewport: DESK },
  { name: "dark-390", theme: "dark", phone: true, viewport: PHONE },
  { name: "light-390", theme: "light", phone: true, viewport: PHONE },
];

/** Keeps a picture of the page for people to look at. */
export async function keep(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(import.meta.dirname, "../screenshots", `${name}.png`), animations: "disabled" });
}
