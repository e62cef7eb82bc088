import { expect, test } from "vitest";

import { DAY, HOUR, MINUTE, SECOND, time } from "../base/time.ts";
import { arrivalOf, isLoopback, keyMaker, rangeOfLast, START_TABS, type StartSettings, targetOf } from "./start.ts";
import { recipesOf } from "./start-recipes.ts";

const NOW = time(1_763_906_582_184_000_007n);
const ago = (length: bigint) => time(NOW - length);

const SETTINGS: StartSettings = {
  scope: "admin",
  demandsKeys: true,
  otlpGrpc: "https://coldtrace.example:4317",
  otlpHttp: "https://coldtrace.example:4318",
};

test("the range that is offered is the shortest that has the last of what came", () => {
  expect(rangeOfLast(ago(90n * MINUTE), NOW)).toEqual({ kind: "last", length: "6h" });
  expect(rangeOfLast(ago(3n * DAY), NOW)).toEqual({ kind: "last", length: "7d" });
  const long = ago(40n * DAY);
  expect(rangeOfLast(long, NOW)).toEqual({ kind: "between", from: long - HOUR, to: long + MINUTE });
});

test("the first span is told from one more", () => {
  const early = { first: ago(HOUR), last: ago(MINUTE) };
  const now = { first: ago(HOUR), last: ago(SECOND) };
  expect(arrivalOf(null, null)).toEqual({ kind: "waiting" });
  expect(arrivalOf(null, now)).toEqual({ kind: "came", at: now.last, isFirst: true });
  expect(arrivalOf(early, early)).toEqual({ kind: "quiet", last: early.last });
  expect(arrivalOf(early, now)).toEqual({ kind: "came", at: now.last, isFirst: false });
});

test("an address of this machine alone is known as one", () => {
  const own = ["http://127.0.0.1:4317", "http://localhost:4318", "http://[::1]:4317", "http://0.0.0.0:4317"];
  expect(own.map(isLoopback)).toEqual(own.map(() => true));
  const reached = ["https://coldtrace.example:4317", "http://10.0.0.7:4317", "http://localhost.example:4317", "none"];
  expect(reached.map(isLoopback)).toEqual(reached.map(() => false));
});

test("who can make a key depends on the own one", () => {
  expect(keyMaker(SETTINGS)).toBe("here");
  expect(keyMaker({ ...SETTINGS, scope: "write" })).toBe("somebody else");
  expect(keyMaker({ ...SETTINGS, scope: null, demandsKeys: false })).toBe("nobody needs one");
});

test("every recipe has the address, and the key where one is demanded", () => {
  const told = (settings: StartSettings, secret: string | null) =>
    START_TABS.flatMap(tab => recipesOf(tab, targetOf(settings, secret)))
      .filter(one => one.id !== "invoke")
      .map(({ id, steps }) => ({ id, text: steps.map(step => step.text).join("\n") }));
  for (const { id, text } of told(SETTINGS, "ct_ingest_1")) {
    expect(text, id).toContain("https://coldtrace.example:431");
    // The drain's key is a header, all others are variables.
    expect(text, id).toContain("ct_ingest_1");
  }
  for (const { id, text } of told({ ...SETTINGS, otlpGrpc: null, otlpHttp: null }, null)) {
    expect(text, id).toContain("https://COLLECTOR:431");
    expect(text, id).toMatch(/\bKEY\b/);
  }
  const open = told({ ...SETTINGS, demandsKeys: false }, null);
  expect(open.filter(one => one.text.includes("x-api-key")).map(one => one.id)).toEqual([]);
});
