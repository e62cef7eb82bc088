/** Cold starts by what they depend on. */

import { expect, test } from "vitest";

import { nanos, time } from "../base/time.ts";
import { type ColdPart, coldGroups, coldInSteps, coldShare, coldTotals } from "./cold-starts.ts";
import { stepsOf } from "./steps.ts";

const MB = 1024n * 1024n;

function part(name: string, invocations: number, coldStarts: number, some: Partial<ColdPart> = {}): ColdPart {
  return {
    function: name,
    version: "1",
    runtime: "python3.12",
    architecture: "arm64",
    memoryBytes: 128n * MB,
    invocations,
    coldStarts,
    initP50: coldStarts === 0 ? null : nanos(100n),
    initP95: coldStarts === 0 ? null : nanos(200n),
    ...some,
  };
}

const parts = [
  part("many", 1_000, 90, { initP50: nanos(50n) }),
  part("often", 100, 50),
  part("often", 10, 1, { version: "2", initP50: nanos(900n), runtime: "nodejs22.x" }),
  part("untold", 1_000, 1, { initP50: null, initP95: null, memoryBytes: null }),
  part("never", 100, 0),
];

test("the worst of each order comes first, and those without any are left out", () => {
  const names = (order: "share" | "count" | "p50") =>
    coldGroups(parts, "part", order).map(({ first }) => `${first.function} ${first.version}`);
  expect(names("share")).toEqual(["often 1", "often 2", "many 1", "untold 1"]);
  expect(names("count")).toEqual(["many 1", "often 1", "often 2", "untold 1"]);
  expect(names("p50")).toEqual(["often 2", "often 1", "many 1", "untold 1"]);
});

test("parts with something in common are counted together, and their percentiles stay apart", () => {
  const [often] = coldGroups(parts, "function", "share");
  expect(often).toMatchObject({ key: "often", parts: 2, invocations: 110, coldStarts: 51 });
  expect(often?.initP50).toEqual({ low: 100n, high: 900n });
  expect(coldGroups(parts, "runtime", "count").map(({ key }) => key)).toEqual(["python3.12", "nodejs22.x"]);
  expect(coldGroups(parts, "memory", "count").map(({ key }) => key)).toEqual([String(128n * MB), ""]);
});

test("of nothing nothing is cold", () => {
  expect(coldShare({ coldStarts: 0, invocations: 0 })).toBe(0);
  expect(coldGroups([], "function", "share")).toEqual([]);
});

test("functions that had none are counted among all", () => {
  const point = { start: time(0n), initP50: null, initP95: null };
  const points = [
    { ...point, invocations: 2_000, coldStarts: 100 },
    { ...point, invocations: 210, coldStarts: 42 },
  ];
  expect(coldTotals({ step: nanos(10n), points, phases: [], parts })).toEqual({
    invocations: 2_210,
    coldStarts: 142,
    coldFunctions: 3,
    functions: 4,
  });
});

test("steps without invocations are empty, and what lies outside is left out", () => {
  const steps = stepsOf(time(20n), time(60n), nanos(10n));
  const points = [10n, 20n, 50n].map(start => ({
    start: time(start),
    invocations: 1,
    coldStarts: 1,
    initP50: null,
    initP95: null,
  }));
  expect(coldInSteps(steps, points).map(point => point?.start)).toEqual([20n, undefined, undefined, 50n]);
});
