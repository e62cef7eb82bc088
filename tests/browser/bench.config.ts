/** What `cargo xtask bench ui` runs: one measurement after the other, with nothing beside it. */

import { defineConfig } from "@playwright/test";

import tests from "./playwright.config.ts";

export default defineConfig(tests, {
  testDir: "bench",
  testMatch: "*.bench.ts",
  workers: 1,
  fullyParallel: false,
  // Storing a million spans, in a build for tests.
  timeout: 1_800_000,
});
