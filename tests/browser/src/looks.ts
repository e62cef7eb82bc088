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

const ALL: readonly Look[] = [
  { name: "dark-1280", theme: "dark", phone: false, viewport: DESK },
  { name: "light-1280", theme: "light", phone: false, viewport: DESK },
  { name: "dark-390", theme: "dark", phone: true, viewport: PHONE },
  { name: "light-390", theme: "light", phone: true, viewport: PHONE },
];

/**
 * In which pages are looked at. Each theme is seen on a desk and each width is seen in any case; the other theme on a phone, which
 * has nothing of its own, where everything is checked (`cargo xtask test --all`).
 */
export const LOOKS = process.env.COLDTRACE_ALL_LOOKS === "1" ? ALL : ALL.filter(look => look.name !== "light-390");

/** Keeps a picture of the page for people to look at. */
export async function keep(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(import.meta.dirname, "../screenshots", `${name}.png`), animations: "disabled" });
}
