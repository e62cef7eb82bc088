/** In which looks pages are seen, the pictures that are kept of them, and those that they are compared with. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, type Page, test } from "@playwright/test";

import { hasSystemFonts } from "./chromium.ts";
import { expectAccessible } from "./watch.ts";

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

/** In which they are compared: both themes and both widths, once each. */
const COMPARED = ["light-1280", "dark-390"];

/** When it is on pages that are compared: what is made up is made up for then, and the browser's clock stands there. */
export const STILL = Date.UTC(2026, 10, 18, 10, 24, 36);

/** Of which Chromium the pictures are. */
const VERSION = join(import.meta.dirname, "../pictures/chromium");

/** Keeps a picture of the page for people to look at. */
export async function keep(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(import.meta.dirname, "../screenshots", `${name}.png`), animations: "disabled" });
}

export interface Seen {
  readonly name: string;
  /** Loads the page and does there what leads to what is seen. */
  readonly open: (look: Look) => Promise<void>;
  /** Waits for it. */
  readonly shown?: (look: Look) => Promise<void>;
  /** Nothing is done there but to load it: it is loaded once and takes the other width as a window that is resized. */
  readonly isPlain?: boolean;
  /** On a phone the same elements are placed differently; where other ones are, axe looks there as well. */
  readonly isOtherOnPhone?: boolean;
  /** With the picture that is in the tree. The page's clock has to stand (`STILL`). */
  readonly isCompared?: boolean;
}

/**
 * Looks at a page in every look. A theme is changed under way: it is only colours. What a page shows, and what leads there, may be
 * another thing on a phone; so each width has a load of its own, but for pages that are plain.
 */
export async function see(page: Page, seen: Seen): Promise<void> {
  let isLoaded = false;
  // The phone first, where axe mostly doesn't look: little is loaded after it was there.
  for (const phone of [true, false]) {
    for (const [index, look] of LOOKS.filter(one => one.phone === phone).entries()) {
      await test.step(look.name, async () => {
        await page.emulateMedia({ colorScheme: look.theme });
        if (index === 0) {
          await page.setViewportSize(look.viewport);
          if (!isLoaded || !seen.isPlain) await open(page, seen, look, isLoaded);
          isLoaded = true;
        }
        await seen.shown?.(look);
        await expectSeen(page, seen, look);
      });
    }
  }
}

async function open(page: Page, seen: Seen, look: Look, isAgain: boolean): Promise<void> {
  // What the page remembers is forgotten, as if nobody had been there.
  if (isAgain) await page.evaluate(() => localStorage.clear());
  await seen.open(look);
}

async function expectSeen(page: Page, seen: Seen, look: Look): Promise<void> {
  await drawn(page);
  await keep(page, `${seen.name}-${look.name}`);
  if (seen.isCompared && COMPARED.includes(look.name)) await expectPicture(page, `${seen.name}-${look.name}`);
  const sideways = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(sideways, "the page does not scroll sideways").toBe(0);
  if (!look.phone || seen.isOtherOnPhone) await expectAccessible(page);
}

/** A change of size or colours is drawn at the next frame. */
async function drawn(page: Page): Promise<void> {
  await page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))));
}

/** Compares the page with its picture, where that was made by the same Chromium (`pictures.spec.ts` tells where not). */
export async function expectPicture(page: Page, name: string): Promise<void> {
  if (hasSystemFonts) return;
  const version = majorVersion(page);
  const { updateSnapshots } = test.info().config;
  const isMaking = updateSnapshots === "all" || updateSnapshots === "changed";
  if (isMaking) writeFileSync(VERSION, `${version}\n`);
  if (isMaking || version === picturesVersion()) await expect(page).toHaveScreenshot(`${name}.png`);
}

/** Pixels are promised within one of these. */
export const majorVersion = (page: Page): string => page.context().browser()?.version().split(".")[0] ?? "";

export const picturesVersion = (): string => readFileSync(VERSION, "utf8").trim();
