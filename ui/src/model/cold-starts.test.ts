/** Functions by their cold starts. */

import { expect, test } from "vitest";

import { nanos, time } from "../base/time.ts";
import { coldFunctions, coldSeries, coldShare } from "./cold-starts.ts";
import type { FunctionSummary } from "./function.ts";
import type { FunctionDetail } from "./function-detail.ts";

const summary = (name: string, invocations: number, coldStarts: number, initP50: bigint | null): FunctionSummary =>
  ({ name, invocations, coldStarts, initP50 }) as FunctionSummary;

const functions = [
  summary("often", 100, 50, 2n),
  summary("never", 100, 0, null),
  summary("many", 1_000, 90, 1n),
  summary("slow", 1_000, 1, 900n),
  summary("untold", 1_000, 1, null),
];

test("the worst of each order comes first, and those without none are left out", () => {
  const names = (order: "share" | "count" | "init") => coldFunctions(functions, order).map(one => one.name);
  expect(names("share")).toEqual(["often", "many", "slow", "untold"]);
  expect(names("count")).toEqual(["many", "often", "slow", "untold"]);
  expect(names("init")).toEqual(["slow", "often", "many", "untold"]);
});

test("of nothing nothing is cold", () => {
  expect(coldShare(summary("new", 0, 0, null))).toBe(0);
});

test("steps without invocations have no cold starts", () => {
  const points = [
    { start: time(20n), coldStarts: 2 },
    { start: time(50n), coldStarts: 1 },
  ];
  expect(coldSeries({ points, step: nanos(10n) } as unknown as FunctionDetail)).toEqual([2, 0, 0, 1]);
  expect(coldSeries({ points: [], step: nanos(10n) } as unknown as FunctionDetail)).toEqual([]);
});
