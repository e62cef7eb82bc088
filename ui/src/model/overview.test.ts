import { expect, test } from "vitest";

import { type Dollars, dollars } from "../base/money.ts";
import { MILLISECOND, MINUTE, type Nanos, nanos, time } from "../base/time.ts";
import {
  type Delta,
  deltasOf,
  type FunctionBefore,
  gainText,
  inOrder,
  type ListedFunction,
  overviewTotals,
  trendBars,
} from "./overview.ts";

const ms = (length: number): Nanos => nanos(BigInt(length) * MILLISECOND);

function before(changes: Partial<FunctionBefore> = {}): FunctionBefore {
  return {
    invocations: 1_000,
    errors: 10,
    coldStarts: 20,
    p50: ms(50),
    p95: ms(100),
    cost: dollars(1_000n),
    ...changes,
  };
}

function listed(changes: Partial<ListedFunction> = {}): ListedFunction {
  return {
    name: "checkout",
    platform: "aws_lambda",
    runtime: "python3.12",
    architecture: "arm64",
    memoryBytes: 0n,
    invocations: 1_000,
    coldStarts: 20,
    errors: 10,
    timeouts: 0,
    ooms: 0,
    lost: 0,
    p50: ms(50),
    p95: ms(100),
    max: ms(400),
    initP50: null,
    lastSeen: time(1n),
    cost: dollars(1_000n),
    trend: [],
    before: before(),
    topFinding: null,
    ...changes,
  };
}

const said = (delta: Delta | null | undefined) => {
  if (delta === null || delta === undefined) return null;
  return [delta.direction, delta.tone, delta.text.replaceAll("\u00a0", " ")];
};

test("what moved by little is as before", () => {
  const deltas = deltasOf(listed({ p95: ms(104), invocations: 1_020 }));
  expect(said(deltas?.p95)).toEqual(["same", "plain", "as before"]);
  expect(said(deltas?.invocations)).toEqual(["same", "plain", "as before"]);
  expect(said(deltas?.cost)).toEqual(["same", "plain", "as before"]);
});

test("a longer time is bad and a shorter one is good, beyond a fifth", () => {
  const p95 = (length: number) => said(deltasOf(listed({ p95: ms(length) }))?.p95);
  expect(p95(110)).toEqual(["up", "plain", "10 % slower"]);
  expect(p95(130)).toEqual(["up", "bad", "30 % slower"]);
  expect(p95(1_310)).toEqual(["up", "bad", "13 × as long"]);
  expect(p95(40)).toEqual(["down", "good", "60 % faster"]);
});

test("percentiles of a few invocations say nothing", () => {
  const few = deltasOf(listed({ p95: ms(500), before: before({ invocations: 19 }) }));
  expect(said(few?.p95)).toEqual(["up", "plain", "5.0 × as long"]);
});

test("a share is told from what it was, and coloured only where chance does not explain it", () => {
  const errors = (now: number, was: number) =>
    said(deltasOf(listed({ errors: now, before: before({ errors: was }) }))?.errors);
  expect(errors(13, 10)).toEqual(["up", "plain", "from 1.0 %"]);
  expect(errors(60, 10)).toEqual(["up", "bad", "from 1.0 %"]);
  expect(errors(0, 60)).toEqual(["down", "good", "from 6.0 %"]);
  expect(errors(0, 0), "of nothing there is nothing to say").toBeNull();
  expect(errors(10, 10)).toEqual(["same", "plain", "as before"]);
});

test("more invocations cost more, which is not bad; more for each is", () => {
  const cost = (invocations: number, paid: bigint) =>
    said(deltasOf(listed({ invocations, cost: dollars(paid) }))?.cost);
  expect(cost(2_000, 2_000n)).toEqual(["up", "plain", "2.0 × as much"]);
  expect(cost(1_000, 1_500n)).toEqual(["up", "bad", "50 % more"]);
  expect(cost(2_000, 1_000n)).toEqual(["same", "good", "as before"]);
});

test("without a time before, or without prices, nothing is compared", () => {
  expect(deltasOf(listed({ before: null }))).toBeNull();
  expect(deltasOf(listed({ cost: null }))?.cost).toBeNull();
});

test("those that got worse come first, then the busiest", () => {
  const functions = [
    listed({ name: "busy", invocations: 9_000, errors: 0, before: before({ errors: 0 }) }),
    listed({ name: "quiet", invocations: 40, errors: 0, coldStarts: 0, before: null }),
    listed({ name: "slow", p95: ms(900) }),
    listed({ name: "failing", errors: 200 }),
  ];
  const names = (order: Parameters<typeof inOrder>[1]) => inOrder(functions, order).map(one => one.name);
  expect(names("attention")).toEqual(["failing", "slow", "busy", "quiet"]);
  expect(names("p95")).toEqual(["slow", "busy", "failing", "quiet"]);
  expect(names("errors")[0]).toBe("failing");
  expect(names("name")).toEqual(["busy", "failing", "quiet", "slow"]);
});

test("all together are compared where any was invoked before", () => {
  const priced = (amount: bigint): Dollars => dollars(amount);
  const totals = overviewTotals([
    listed({ errors: 90, cost: priced(3_000n) }),
    listed({ name: "new", invocations: 500, errors: 0, before: null, cost: null }),
  ]);
  expect(totals).toMatchObject({ functions: 2, invocations: 1_500, errors: 90, cost: 3_000n });
  expect(said(totals.deltas?.invocations)).toEqual(["up", "plain", "50 % more"]);
  expect(said(totals.deltas?.errors)).toEqual(["up", "bad", "from 1.0 %"]);
  expect(said(totals.deltas?.cost)).toEqual(["up", "bad", "3.0 × as much"]);
  expect(overviewTotals([listed({ before: null })]).deltas).toBeNull();
});

test("bars share the time of the page, and failures are seen however few", () => {
  const from = time(100n * MINUTE);
  const point = (minute: bigint, invocations: number, errors: number) => ({
    start: time(minute * MINUTE),
    invocations,
    errors,
  });
  const points = [point(99n, 10, 0), point(104n, 100, 1), point(108n, 0, 0)];
  const bars = trendBars(points, nanos(2n * MINUTE), from, time(110n * MINUTE));
  expect(
    bars.map(({ at, width, height, failed }) => [at, width, height, failed].map(one => Number(one.toFixed(3)))),
  ).toEqual([
    [0, 0.1, 0.1, 0],
    [0.4, 0.2, 1, 0.1],
  ]);
  expect(trendBars([], nanos(MINUTE), from, from)).toEqual([]);
});

test("what the end of a finding brings is told by what counts most", () => {
  const gain = { mean: ms(1), p50: nanos(0n), p95: ms(48), p99: ms(50), failures: 0, monthly: dollars(4_120_000_000n) };
  const text = (changes: Partial<typeof gain>) => gainText({ ...gain, ...changes }).replaceAll("\u00a0", " ");
  expect(text({})).toBe("48.0 ms less at p95");
  expect(text({ failures: 0.0095 })).toBe("0.95 % fewer failures");
  expect(text({ p95: nanos(0n), p99: nanos(0n) })).toBe("1.00 ms less on average");
  expect(text({ p95: nanos(0n), p99: nanos(0n), mean: nanos(0n) })).toBe("$4.12 a month less");
});
