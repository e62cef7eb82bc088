import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

import { fakeApi } from "./dev/plugin.ts";

const backend = process.env.COLDTRACE_URL ?? "http://127.0.0.1:7070";
const fake = process.env.COLDTRACE_FAKE;

export default defineConfig({
  plugins: [react(), ...(fake === undefined ? [] : [fakeApi(fake)])],
  server: { proxy: fake === undefined ? { "/api": backend } : {} },
  build: {
    // Engines that know light-dark(); the style sheets rely on it.
    target: ["chrome123", "firefox120", "safari17.5"],
    // Inlined pieces would be data: URLs, which the content security policy forbids.
    assetsInlineLimit: 0,
    // What is preloaded is loaded with the page anyway.
    modulePreload: { polyfill: false },
  },
  test: {
    environment: "node",
    include: ["src/**/*.test.{ts,tsx}", "dev/**/*.test.ts"],
    // A machine with other work takes several times as long; what is asked is whether, not when.
    testTimeout: 60_000,
  },
});
