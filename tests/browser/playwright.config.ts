import { join } from "node:path";

import { defineConfig } from "@playwright/test";

import { chromium, hasSystemFonts } from "./src/chromium.ts";

export default defineConfig({
  testDir: ".",
  outputDir: "screenshots/failed",
  snapshotPathTemplate: "pictures/{arg}{ext}",
  // One that is missing fails, and is made by who asks for it: `npx playwright test --update-snapshots`.
  updateSnapshots: "none",
  workers: 2,
  fullyParallel: true,
  // A test that fails now and then is a bug.
  retries: 0,
  // A machine with other work takes several times as long; what is asked is whether, not when.
  timeout: 120_000,
  expect: {
    timeout: 30_000,
    toHaveScreenshot: {
      // The edge of a curve is smoothed a little otherwise now and then, by one or two in 255; that is below the threshold.
      threshold: 0.04,
      maxDiffPixels: 20,
    },
  },
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    locale: "en-US",
    timezoneId: "UTC",
    launchOptions: {
      executablePath: chromium(),
      args: [
        // As root, in a container: the system's own sandbox can't be had, and its shared memory is small.
        ...["--no-sandbox", "--disable-dev-shm-usage"],
        // The same pixels everywhere: drawn by the processor, letters at whole pixels.
        ...["--disable-gpu", "--force-color-profile=srgb", "--force-device-scale-factor=1"],
        ...["--disable-font-subpixel-positioning", "--disable-lcd-text"],
      ],
      env: hasSystemFonts ? process.env : { ...process.env, FONTCONFIG_FILE: join(import.meta.dirname, "fonts.conf") },
    },
  },
});
