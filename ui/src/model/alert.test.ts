import { expect, test } from "vitest";

import { time } from "../base/time.ts";
import { type Alert, activeText, hrefOf, subject } from "./alert.ts";

const alert = (phase: Alert["phase"]): Alert => ({
  id: "9f1c0a77b2d4e658",
  rule: "r",
  ruleName: "slow",
  phase,
  severity: "warning",
  labels: {},
  since: time(0n),
  fired: null,
  summary: "",
  reading: null,
  silencedBy: [],
  isInhibited: false,
});

test("what is active is counted in words", () => {
  const told = (...phases: Alert["phase"][]) => activeText(phases.map(alert)).replaceAll("\u00a0", " ");
  expect(told("firing", "firing", "pending")).toBe("2 alerts fire, 1 is pending");
  expect(told("firing")).toBe("1 alert fires");
  expect(told("pending", "pending")).toBe("2 alerts are pending");
});

test("it is about a function, a version of one, or about all", () => {
  expect(subject({ function: "checkout" })).toBe("checkout");
  expect(subject({ function: "checkout", version: "42" })).toBe("checkout version 42");
  expect(subject({ alertname: "dear" })).toBeNull();
});

test.each([
  ["/functions/checkout?why=slow", "/functions/checkout?why=slow"],
  ["https://wiki.example.org/slow", "https://wiki.example.org/slow"],
  ["//elsewhere.example.org", null],
  ["javascript:alert(1)", null],
  [" javascript:alert(1)", null],
  ["data:text/html,x", null],
  ["http://", null],
  ["ask Ada", null],
])("%s leads to %s", (text, href) => {
  expect(hrefOf(text)).toBe(href);
});
