/** What is told of one function: money, memory, gains, steps of time, and where they stand on a chart. */

import { describe, expect, test } from "vitest";

import { dollars } from "../base/money.ts";
import { DAY, HOUR, MINUTE, nanos, time } from "../base/time.ts";
import {
  type Bucket,
  type FunctionDetail,
  type FunctionPart,
  type FunctionPoint,
  memoryOf,
  perMonth,
} from "./function-detail.ts";
import { failuresAvoided, type Gain, timeGain } from "./function-findings.ts";
import { countWithin, heatmap, lengthsOf, middleOf, rowHolding } from "./heatmap.ts";
import { logScale, percentileScale } from "./length-scale.ts";
import { clockMarks, inSteps, rangeBetween, startOf, stepAt, stepsOf, stepsWithin, sumBetween } from "./steps.ts";

/** 2026-11-23 00:00 UTC. */
const DAWN = 1_795_392_000_000_000_000n;
const MS = 1_000_000;

function made(start: bigint, some: Partial<FunctionPoint> = {}): FunctionPoint {
  return {
    start: time(start),
    invocations: 1,
    coldStarts: 0,
    errors: 0,
    p50: nanos(10n ** 7n),
    p95: nanos(10n ** 7n),
    p99: nanos(10n ** 7n),
    max: nanos(10n ** 7n),
    billed: nanos(0n),
    maxMemoryBytes: null,
    durations: [{ end: 10 * MS, count: 1 }],
    ...some,
  };
}

/** As the API cuts lengths into buckets. */
function buckets(...lengths: number[]): Bucket[] {
  return lengths.map(length => ({
    end: Math.floor(2 ** (Math.ceil(Math.log2(length / 1_000) * 32) / 32) * 1_000),
    count: 1,
  }));
}

test("a month costs as much as 30 days like the range", () => {
  expect(perMonth(dollars(1_000_000n), time(0n), time(HOUR))).toBe(720_000_000n);
  expect(perMonth(dollars(1_000_000n), time(0n), time(0n)), "no range at all").toBe(0n);
});

test("a part may use its own memory, or that of the function where it has one size alone", () => {
  const part = (memoryBytes: bigint | null) => ({ memoryBytes }) as FunctionPart;
  const detail = (...sizes: bigint[]) => ({ memorySizes: sizes.map(part) }) as unknown as FunctionDetail;
  expect(memoryOf(part(512n), detail(128n, 512n))).toBe(512n);
  expect(memoryOf(part(null), detail(128n))).toBe(128n);
  expect(memoryOf(part(null), detail(128n, 512n))).toBeNull();
});

describe("a gain", () => {
  const gain = (some: Partial<Record<"mean" | "p50" | "p95" | "p99", bigint>>, failures = 0): Gain => ({
    mean: nanos(some.mean ?? 0n),
    p50: nanos(some.p50 ?? 0n),
    p95: nanos(some.p95 ?? 0n),
    p99: nanos(some.p99 ?? 0n),
    failures,
    monthly: null,
  });
  test("of time is that of p95, or the one that there is", () => {
    expect(timeGain(gain({ mean: 1n, p95: 5n, p99: 9n }))).toEqual({ length: 5n, of: "p95" });
    expect(timeGain(gain({ mean: 1n, p99: 9n }))).toEqual({ length: 9n, of: "p99" });
    expect(timeGain(gain({ mean: 1n }))).toEqual({ length: 1n, of: "mean" });
    expect(timeGain(gain({}))).toBeNull();
  });
  test("of answers is a number of invocations", () => {
    expect(failuresAvoided(gain({}, 0.0095), 1_000)).toBe(10);
  });
});

describe("steps", () => {
  const steps = stepsOf(time(DAWN + 30n), time(DAWN + 5n * MINUTE + 30n), nanos(MINUTE));
  test("hold the whole range", () => {
    expect(steps.count).toBe(6);
    expect(startOf(steps, 0)).toBe(DAWN);
    expect(stepAt(steps, time(DAWN + 5n * MINUTE + 29n))).toBe(5);
    expect(stepsOf(time(DAWN), time(DAWN + HOUR), nanos(MINUTE)).count, "none of it twice").toBe(60);
  });
  test("have what happened in them, and nothing where nothing did", () => {
    const points = [made(DAWN), made(DAWN + 4n * MINUTE, { invocations: 7, errors: 2 }), made(DAWN + HOUR)];
    const found = inSteps(steps, points);
    expect(found.map(point => point?.invocations)).toEqual([1, undefined, undefined, undefined, 7, undefined]);
    expect(sumBetween(found, 4, 0)).toEqual({ invocations: 8, errors: 2, coldStarts: 0 });
  });
  test("that are chosen are a range no larger than what was shown", () => {
    expect(rangeBetween(steps, 3, 1)).toEqual({ kind: "between", from: DAWN + MINUTE, to: DAWN + 4n * MINUTE });
    expect(rangeBetween(steps, 0, 5)).toEqual({ kind: "between", from: steps.from, to: steps.to });
  });
});

test("moments below a chart are round, and not too many", () => {
  for (const length of [7n * MINUTE, HOUR, 6n * HOUR, DAY, 7n * DAY, 14n * DAY, 400n * DAY]) {
    const marks = clockMarks(time(DAWN + 13n), time(DAWN + 13n + length), 6);
    expect(marks.length, String(length)).toBeGreaterThanOrEqual(2);
    expect(marks.length, String(length)).toBeLessThanOrEqual(7);
    expect(marks.every(at => new Date(Number(at / 1_000_000n)).getSeconds() === 0)).toBe(true);
  }
  const days = clockMarks(time(DAWN), time(DAWN + 6n * DAY), 6).map(at => new Date(Number(at / 1_000_000n)));
  expect(
    days.every(day => day.getHours() === 0),
    "days begin where the reader is",
  ).toBe(true);
});

describe("the scale of percentiles", () => {
  const of = (p50: number, p99: number) =>
    percentileScale([made(DAWN, { p50: nanos(BigInt(p50 * MS)), p99: nanos(BigInt(p99 * MS)) })]);
  test("is linear from zero where all is of one size", () => {
    const scale = of(180, 1_400);
    expect(scale.kind).toBe("linear");
    expect(scale.place(0)).toBe(0);
    expect(scale.marks).toEqual([0, 500 * MS, 1_000 * MS, 1_500 * MS]);
    expect(scale.place(1_400 * MS)).toBeLessThan(1);
  });
  test("is logarithmic where the slowest would hide the quickest", () => {
    const scale = of(3, 900);
    expect(scale.kind).toBe("log");
    expect(scale.marks).toEqual([10 * MS, 100 * MS, 1_000 * MS]);
    expect(scale.place(2 * MS)).toBe(0);
    expect(scale.place(900 * MS)).toBeGreaterThan(0.9);
    expect(of(40, 900).marks).toEqual([20 * MS, 50 * MS, 100 * MS, 200 * MS, 500 * MS, 1_000 * MS]);
  });
  test("is there where nothing has ended yet", () => {
    expect(percentileScale([made(DAWN, { p99: nanos(0n), durations: [] })]).place(0)).toBe(0);
    expect(percentileScale([]).marks.length).toBeGreaterThan(1);
  });
  test("goes through its ends, also over many powers of ten", () => {
    const scale = logScale(1, 1e12);
    expect([scale.place(1), scale.place(1e6), scale.place(1e12)]).toEqual([0, 0.5, 1]);
    expect(scale.marks.length).toBeLessThanOrEqual(7);
  });
});

describe("a heatmap", () => {
  test("loses no invocation, and has few rows", () => {
    const lengths = Array.from({ length: 500 }, (_, at) => 1.03 ** at * 2_000);
    const points = [
      made(DAWN, { durations: buckets(...lengths) }),
      undefined,
      made(DAWN, { durations: buckets(5 * MS) }),
    ];
    const heat = heatmap(points);
    expect(heat?.rows.length).toBeGreaterThan(20);
    expect(heat?.rows.length).toBeLessThanOrEqual(40);
    expect(heat?.counts.reduce((sum, one) => sum + one, 0)).toBe(501);
    expect(heat?.most).toBe(Math.max(...(heat?.counts ?? [])));
  });
  test("puts a length into the row that names it", () => {
    const heat = heatmap([made(DAWN, { durations: buckets(2 * MS, 90 * MS, 3_000 * MS) })]);
    for (const length of [2 * MS, 90 * MS, 3_000 * MS]) {
      const row = heat?.rows.findIndex(({ low, high }) => length > low && length <= high * 1.000_001) ?? -1;
      expect(heat?.counts[row], `${length} ns`).toBe(1);
    }
    expect(heat?.rows[1]?.low, "rows meet").toBe(heat?.rows[0]?.high);
  });
  test("of lengths that are all the same has it in the middle", () => {
    const heat = heatmap([made(DAWN, { durations: [{ end: 10 * MS, count: 9 }] })]);
    expect(heat?.rows.length).toBe(12);
    expect(heat?.counts.indexOf(9)).toBe(5);
    expect(heatmap([undefined, made(DAWN, { durations: [] })]), "of none there is none").toBeNull();
  });
});

test("a stretch of time covers the steps that it touches, inside the chart", () => {
  const steps = stepsOf(time(DAWN), time(DAWN + HOUR), nanos(MINUTE));
  const within = (since: bigint, until: bigint) => stepsWithin(steps, time(DAWN + since), time(DAWN + until));
  expect(within(5n * MINUTE, 8n * MINUTE)).toEqual([5, 7]);
  expect(within(-HOUR, 3n * HOUR)).toEqual([0, 59]);
  expect(within(-2n * HOUR, -HOUR), "before it").toBeNull();
  expect(within(2n * HOUR, 3n * HOUR), "after it").toBeNull();
});

describe("a box of a heatmap", () => {
  const points = [
    made(0n, { durations: buckets(10 * MS, 10 * MS, 80 * MS) }),
    undefined,
    made(2n, { durations: buckets(20 * MS, 400 * MS) }),
  ];
  const heat = heatmap(points);
  if (heat === null) throw new Error("something ended");
  const row = (length: number) => rowHolding(heat, length);

  test("holds what its steps and rows hold, its ends included", () => {
    const all = { first: 0, last: 2, low: 0, high: heat.rows.length - 1 };
    expect(countWithin(heat, all)).toBe(5);
    expect(countWithin(heat, { ...all, last: 0 })).toBe(3);
    expect(countWithin(heat, { ...all, low: row(20 * MS), high: row(80 * MS) })).toBe(2);
    expect(countWithin(heat, { ...all, first: 1, last: 1 })).toBe(0);
  });

  test("asks for lengths that fall into it, and for no others", () => {
    const at = row(80 * MS);
    const { min, max } = lengthsOf(heat, at, at);
    expect(row(Number(min))).toBe(at);
    expect(row(Number(max))).toBe(at);
    expect(row(Number(min) - 2)).toBe(at - 1);
    expect(lengthsOf(heat, at + 1, at + 1).min, "no length lies between two rows").toBe(max + 1n);
  });

  test("is found again by a length where rows have moved", () => {
    for (let at = 0; at < heat.rows.length; at++) expect(row(middleOf(heat, at))).toBe(at);
    expect(row(1), "shorter than all").toBe(0);
    expect(row(1e15), "longer than all").toBe(heat.rows.length - 1);
  });
});
