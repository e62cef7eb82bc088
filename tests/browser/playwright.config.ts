import { defineConfig } from "@playwright/test";

import { chromium } from "./src/chromium.ts";

export default defineConfig({
  testDir: ".",
  outputDir: "screenshots/failed",
  workers: 2,
  fullyParallel: true,
  // A test that fails now and then is a bug.
  retries: 0,
  // A machine with other work takes several times as long; what is asked is whether, not when.
  timeout: 120_000,
  expect: { timeout: 30_000 },
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    launchOptions: {
      executablePath: chromium(),
      // As root, in a container: the system's own sandbox can't be had, and its shared memory is small.
      args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--force-color-profile=srgb"],
    },
  },
});
