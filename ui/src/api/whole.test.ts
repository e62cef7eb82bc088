import { expect, test } from "vitest";

import { callsOf } from "./call.ts";
import { errorsQuery } from "./errors.ts";
import { functionQuery, invocationsQuery } from "./queries.ts";
import { readWhole } from "./whole.ts";

/** A list of so many numbers, ten on a page. */
const numbers = (count: number) => ({
  read: async (cursor: string | null) => {
    const from = Number(cursor ?? "0");
    const items = Array.from({ length: Math.min(10, count - from) }, (_, at) => from + at);
    return { items, next: from + 10 < count ? String(from + 10) : null };
  },
});

const { signal } = new AbortController();

test("all pages are read, in order", async () => {
  const counts: number[] = [];
  const whole = await readWhole(numbers(25), 100, count => counts.push(count), signal);
  expect(whole).toEqual({ items: Array.from({ length: 25 }, (_, at) => at), isCut: false });
  expect(counts).toEqual([10, 20, 25]);
});

test("no more are read than were to be, and that is told", async () => {
  const whole = await readWhole(numbers(25), 15, () => {}, signal);
  expect(whole.items).toHaveLength(15);
  expect(whole.isCut).toBe(true);
});

test("a query tells its call without making it", () => {
  const between = { kind: "between", from: 1n, to: 2n } as never;
  expect(callsOf(functionQuery("check out", between))).toEqual([
    {
      path: "functions/check%20out",
      parameters: [
        ["from", "1"],
        ["to", "2"],
      ],
    },
  ]);
  const [first, ...others] = callsOf(errorsQuery(between, "", "count"));
  expect(others).toEqual([]);
  expect(first?.path).toBe("errors");
  expect(first?.parameters).not.toContainEqual(["function", ""]);
  const none = { version: "", errorType: "", min: "", max: "" };
  const query = { ...none, function: "checkout", outcomes: ["timeout"], cold: true, sort: "slowest" } as const;
  expect(Object.fromEntries(callsOf(invocationsQuery(between, query))[0]?.parameters ?? [])).toMatchObject({
    function: "checkout",
    outcome: "timeout",
    cold: "true",
    sort: "slowest",
  });
});

test("a query that asks nothing has no call", () => {
  expect(callsOf({ queryFn: Symbol("skip") })).toEqual([]);
});
