import { expect, test } from "vitest";

import { HOUR, MINUTE, nanos, type Time, time } from "../base/time.ts";
import { type Backtest, type Episode, firedWords, seriesName, shadedParts } from "./backtest.ts";
import { heightOf, linePath, valueScale } from "./value-chart.ts";

const at = (minutes: number): Time => time(BigInt(minutes) * MINUTE);

const episode = (from: number, to: number | null): Episode => ({
  labels: {},
  from: at(from),
  to: to === null ? null : at(to),
  peak: null,
  summary: "",
});

const tested = (total: number, firing: bigint, episodes: readonly Episode[] = []): Backtest => ({
  from: at(0),
  to: at(100),
  step: nanos(MINUTE),
  episodes,
  total,
  firing: nanos(firing),
  series: [],
  threshold: null,
  unit: "count",
});

test("how often it would have fired is told", () => {
  const told = (total: number, firing: bigint) => firedWords(tested(total, firing)).replaceAll("\u00a0", " ");
  expect(told(7, 2n * HOUR + 13n * MINUTE)).toBe("would have fired 7 times, for 2 h 13 min in all");
  expect(told(1, 5n * MINUTE)).toBe("would have fired once, for 5 min 00 s in all");
  expect(told(0, 0n)).toBe("would not have fired");
});

test("stretches that overlap are shaded once; what still fires is shaded to the end", () => {
  const episodes = [episode(90, null), episode(10, 20), episode(15, 30), episode(16, 18), episode(-5, 2)];
  expect(shadedParts(tested(5, 0n, episodes))).toEqual([
    [0, 0.02],
    [0.1, 0.3],
    [0.9, 1],
  ]);
});

test("a series is called by what tells it from the others", () => {
  expect(seriesName({ alertname: "slow", severity: "info", function: "checkout", version: "42" })).toBe("checkout 42");
  expect(seriesName({ alertname: "slow", severity: "info" })).toBe("all");
  expect(seriesName({ alertname: "slow", team: "shop" })).toBe("team = shop");
});

test("the threshold is always within the scale, and its marks are round", () => {
  const scale = valueScale([0.01, null, 0.02], 0.05, "share");
  expect(heightOf(0.05, scale)).toBeGreaterThan(0);
  expect(scale.marks.map(mark => Number(mark.toPrecision(6)))).toEqual([0, 0.02, 0.04]);
  expect(valueScale([1, 3], 0, "count").marks).toEqual([0, 1, 2, 3]);
  expect(valueScale([0.97], 0.5, "share").most).toBe(1);
  expect(valueScale([], null, "times").marks.length).toBeGreaterThan(1);
});

test("a line breaks where there is no value", () => {
  const scale = { most: 10, marks: [] };
  const points = [10, 5, null, 5, null, 0].map((value, index) => ({ at: index / 5, value }));
  expect(linePath(points, scale)).toBe("M0.0 0.0L200.0 500.0M600.0 500.0h2M1000.0 1000.0h2");
});
