/** What was told of all functions: which of it is shown, and what it comes to. */

import { expect, test } from "vitest";

import { dollars } from "../base/money.ts";
import { nanos, time } from "../base/time.ts";
import { keyOf, ofFunctions, type ToldFinding, together } from "./told-findings.ts";

function told(name: string, monthly: bigint | null, title = "Cold starts"): ToldFinding {
  const none = nanos(0n);
  return {
    function: name,
    kind: "cold_starts",
    title,
    text: "",
    about: "",
    seen: 1,
    share: 0.1,
    gain: {
      mean: none,
      p50: none,
      p95: none,
      p99: none,
      failures: 0,
      monthly: monthly === null ? null : dollars(monthly),
    },
    confidence: "high",
    examples: [],
    question: "",
    firstSeen: time(1n),
    lastSeen: time(2n),
    isThere: true,
  };
}

test("findings are narrowed down by a part of the function's name, and keep their order", () => {
  const all = [told("checkout", 1n), told("mailer", 2n), told("Checkout-eu", 3n)];
  expect(ofFunctions(all, " CHECK ").map(one => one.function)).toEqual(["checkout", "Checkout-eu"]);
  expect(ofFunctions(all, "")).toEqual(all);
});

test("together they bring what each saves, and what would cost more is not taken off", () => {
  const all = [
    told("checkout", 4_000n),
    told("checkout", 100n, "Calls itself"),
    told("mailer", -900n),
    told("x", null),
  ];
  expect(together(all)).toEqual({ functions: 3, monthly: 4_100n });
});

test("where no price is known, nothing is said of money", () => {
  expect(together([told("checkout", null)])).toEqual({ functions: 1, monthly: null });
  expect(together([])).toEqual({ functions: 0, monthly: null });
});

test("two findings of a function are told apart", () => {
  expect(keyOf(told("checkout", 1n))).not.toBe(keyOf(told("checkout", 1n, "Calls itself")));
});
