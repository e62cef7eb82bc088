/** The smaller parts of the model. */

import { expect, test } from "vitest";

import { nanos, time } from "../base/time.ts";
import { coloursOf } from "./colours.ts";
import { matches, nextOf } from "./find.ts";
import { madeTrace } from "./made.ts";
import { bounds, parseRangeSearch, rangeOf, rangeSearch } from "./range.ts";
import { ticks } from "./ticks.ts";
import { fitted, panned, zoomed } from "./view.ts";
import { whereTimeWent } from "./where-time-went.ts";

test("a service's colour does not depend on the order of its spans", () => {
  const names = ["checkout", "inventory", "mailer", "payments"];
  const colours = coloursOf(names);
  expect(coloursOf([...names].reverse())).toEqual(colours);
  expect(new Set(colours.values()).size, "each its own").toBe(4);
  expect(coloursOf(Array.from({ length: 40 }, (_, at) => `service ${at}`)).size, "more than there are colours").toBe(
    40,
  );
});

test("ticks are round and not too many", () => {
  expect(ticks(0, 1e9, 5)).toEqual([0, 2e8, 4e8, 6e8, 8e8, 1e9]);
  expect(ticks(-6.12e8, 1.2e9, 4)).toEqual([-5e8, 0, 5e8, 1e9]);
  expect(ticks(0, 600e9, 5), "above a minute the clock's parts").toEqual([0, 120e9, 240e9, 360e9, 480e9, 600e9]);
  expect(ticks(5, 5, 5)).toEqual([]);
  for (const length of [7, 93, 1_001, 3.3e6, 4.7e9, 8e10, 9e12]) {
    expect(ticks(0, length, 7).length).toBeLessThanOrEqual(8);
    expect(ticks(0, length, 7).length).toBeGreaterThanOrEqual(2);
  }
});

test("where the time went takes the same work together, largest first", () => {
  const trace = madeTrace([
    { start: 0, end: 100, name: "request", critical: [[90, 100]] },
    { start: 0, end: 30, parent: 0, name: "read", critical: [[0, 30]] },
    { start: 30, end: 90, parent: 0, name: "read", critical: [[30, 90]], status: "error" },
  ]);
  const { shares, total } = whereTimeWent(trace);
  expect(total).toBe(nanos(100n));
  expect(
    shares.map(({ title, critical, count, span, failed }) => [title, Number(critical), count, span, failed]),
  ).toEqual([
    ["read", 90, 2, 2, true],
    ["request", 10, 1, 0, false],
  ]);
});

test("the time of one request is that of its own work and of what it called", () => {
  const trace = madeTrace([
    { start: 0, end: 50, phase: "invocation", requestId: "one", critical: [[0, 50]] },
    { start: 10, end: 40, parent: 0, kind: "client", requestId: "two", critical: [[10, 15]] },
    { start: 15, end: 40, parent: 1, phase: "invocation", requestId: "two", critical: [[15, 40]] },
    { start: 40, end: 90, phase: "invocation", requestId: "three", critical: [[40, 90]] },
  ]);
  const answer = (requestId: string | null) => {
    const { total, paths } = whereTimeWent(trace, requestId);
    return [Number(total), paths];
  };
  expect(answer("one")).toEqual([80, 1]);
  expect(answer("two")).toEqual([25, 1]);
  expect(answer("three")).toEqual([50, 1]);
  expect(answer(null), "the third was beside the first").toEqual([130, 2]);
});

test("spans are found by name, service, message and attributes", () => {
  const trace = madeTrace([
    { start: 0, end: 9, name: "POST payments" },
    { start: 0, end: 9, statusMessage: "Payment declined" },
    { start: 0, end: 9, attributes: [{ key: "peer", value: { kind: "string", value: "payments.example" } }] },
    { start: 0, end: 9 },
  ]);
  expect([...(matches(trace, " PAYMENT") ?? [])]).toEqual([1, 1, 1, 0]);
  expect(matches(trace, "  ")).toBeNull();
});

test("the next one goes round", () => {
  const wanted = (index: number) => index === 1 || index === 3;
  expect(nextOf(5, -1, 1, wanted)).toBe(1);
  expect(nextOf(5, 3, 1, wanted)).toBe(1);
  expect(nextOf(5, 1, -1, wanted)).toBe(3);
  expect(nextOf(5, 5, -1, wanted)).toBe(3);
  expect(nextOf(5, 1, 1, () => false)).toBeNull();
});

test("what is seen stays inside the trace", () => {
  expect(fitted({ from: 900_000, to: 100_000 }, 500_000)).toEqual({ from: 0, to: 500_000 });
  expect(zoomed({ from: 0, to: 1_000_000 }, 0.5, 1_000_000, 1_000_000)).toEqual({ from: 500_000, to: 1_000_000 });
  expect(panned({ from: 0, to: 500_000 }, -1, 1_000_000)).toEqual({ from: 0, to: 500_000 });
  expect(panned({ from: 400_000, to: 900_000 }, 1, 1_000_000)).toEqual({ from: 500_000, to: 1_000_000 });
});

test("a range comes back from the URL as it went in", () => {
  const ranges = [
    { kind: "last", length: "1h" },
    { kind: "last", length: "7d" },
    { kind: "between", from: time(5n), to: time(9n) },
  ] as const;
  for (const range of ranges) expect(rangeOf(parseRangeSearch({ ...rangeSearch(range) }))).toEqual(range);
  expect(rangeSearch(ranges[0]), "the default is not written").toEqual({});
  expect(parseRangeSearch({ from: "9", to: "5" }), "backwards").toEqual({});
  expect(parseRangeSearch({ range: "toString" })).toEqual({});
  expect(bounds(ranges[0], time(3_600_000_000_001n))).toEqual({ from: 1n, to: 3_600_000_000_001n });
});
