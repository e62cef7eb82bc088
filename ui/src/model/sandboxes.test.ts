import { expect, test } from "vitest";

import { dollars } from "../base/money.ts";
import { nanos, type Time, time } from "../base/time.ts";
import type { Outcome } from "./invocation.ts";
import {
  lifeAxis,
  lifelineOf,
  markNear,
  memoryUse,
  mostAtOnce,
  newestFirst,
  type Sandbox,
  type SandboxRun,
} from "./sandboxes.ts";

const MINUTE = 60_000_000_000n;
const at = (minute: number): Time => time(BigInt(Math.round(minute * 1000)) * (MINUTE / 1000n));
const long = (minutes: number) => nanos(BigInt(Math.round(minutes * 1000)) * (MINUTE / 1000n));
const run = (start: number, minutes: number | null, outcome: Outcome = "ok"): SandboxRun => ({
  requestId: `at ${start}`,
  start: at(start),
  duration: minutes === null ? null : long(minutes),
  outcome,
});

function sandbox(id: string, runs: readonly SandboxRun[], changes: Partial<Sandbox> = {}): Sandbox {
  return {
    id,
    version: null,
    memoryBytes: null,
    cold: "warm",
    prepared: null,
    invocations: runs.length,
    errors: 0,
    busy: nanos(0n),
    first: runs[0]?.start ?? at(0),
    last: runs.at(-1)?.start ?? at(0),
    firstMemoryBytes: null,
    lastMemoryBytes: null,
    runs,
    ...changes,
  };
}

const hour = { from: at(0), to: at(60) };
const init = (start: number, minutes: number) => ({ kind: "init", start: at(start), duration: long(minutes) }) as const;

test("the newest is the one that was made ready last", () => {
  const told = [
    sandbox("served early", [run(10, 1)]),
    sandbox("ready late", [run(30, 1)], { prepared: init(28, 1) }),
    sandbox("ready early", [run(50, 1)], { prepared: init(5, 1) }),
  ];
  expect(newestFirst(told).map(one => one.id)).toEqual(["ready late", "served early", "ready early"]);
});

test("a life is parts of the axis: made ready, serving, frozen", () => {
  const line = lifelineOf(
    sandbox("one", [run(12, 6), run(30, 3, "timeout")], { prepared: init(6, 3), last: at(33) }),
    hour,
  );
  expect(line.alive).toEqual({ from: 0.1, to: 0.55 });
  expect(line.prepared).toEqual({ from: 0.1, to: 0.15 });
  expect(line.isOlder).toBe(false);
  expect(line.untold).toBeNull();
  expect(line.marks).toEqual([
    { kind: "served", from: 0.2, to: 0.3 },
    { kind: "failed", from: 0.5, to: 0.55 },
  ]);
});

test("what was made ready before the axis begins comes in from its edge", () => {
  const line = lifelineOf(sandbox("old", [run(12, 6)], { prepared: init(-180, 1), last: at(18) }), hour);
  expect([line.isOlder, line.prepared, line.alive.from]).toEqual([true, null, 0]);
});

test("what runs is open to the end, and what was lost has no length", () => {
  const line = lifelineOf(sandbox("one", [run(15, null, "lost"), run(30, null, "running")], { last: at(30) }), hour);
  expect(line.marks).toEqual([
    { kind: "failed", from: 0.25, to: 0.25 },
    { kind: "open", from: 0.5, to: 1 },
  ]);
});

test("invocations that are not told one by one are a stretch before the others", () => {
  const line = lifelineOf(sandbox("busy", [run(30, 1)], { invocations: 900, first: at(6), last: at(31) }), hour);
  expect(line.untold).toEqual({ from: 0.1, to: 0.5 });
});

test("lives share the range, or what they fill of it where that is little", () => {
  const early = sandbox("early", [run(2, 1)], { last: at(3) });
  const late = sandbox("late", [run(40, 9)], { prepared: init(39, 1), last: at(50) });
  expect(lifeAxis([early, late], hour)).toEqual(hour);
  const { from, to } = lifeAxis([late], hour);
  expect([from > at(38) && from < at(39), to > at(50) && to < at(51)]).toEqual([true, true]);
  expect(lifeAxis([], hour)).toEqual(hour);
});

test("a preparation long before the range does not stretch the axis", () => {
  const old = sandbox("old", [run(40, 9)], { prepared: init(-300, 1), last: at(50) });
  expect(lifeAxis([old], hour).from).toBeGreaterThan(at(39));
});

test("a single moment has an axis of some minutes", () => {
  const { from, to } = lifeAxis([sandbox("one", [run(30, 0.001)], { last: at(30.001) })], hour);
  expect(to - from).toBeGreaterThan(5n * MINUTE);
  expect(to).toBeGreaterThan(at(30));
});

test("the mark that is meant is the nearest, a failure where it is nearly so", () => {
  const { marks } = lifelineOf(sandbox("one", [run(12, 6), run(24, 1, "error"), run(25, 9)], { last: at(34) }), hour);
  expect(markNear(marks, 0.21, 0.01)).toBe(0);
  expect(markNear(marks, 0.42, 0.01), "beside the failure").toBe(1);
  expect(markNear(marks, 0.5, 0.01)).toBe(2);
  expect(markNear(marks, 0.9, 0.01)).toBe(2);
});

test("the most at once is told where it was counted", () => {
  const none = { sandboxes: [], total: 0, unused: { sandboxes: 0, prepared: nanos(0n), cost: dollars(0n) } };
  const points = [3, 7, 1].map(most => ({ start: at(most), most }));
  expect(mostAtOnce({ ...none, step: long(1), concurrency: points })).toBe(7);
  expect(mostAtOnce({ ...none, step: long(1), concurrency: [] })).toBe(0);
  expect(mostAtOnce({ ...none, step: long(1), concurrency: null })).toBeNull();
});

test("memory creeps where there was time for it and both ends are known", () => {
  const known = { firstMemoryBytes: 80n, lastMemoryBytes: 96n };
  const twice = [run(1, 1), run(3, 1)];
  expect(memoryUse(sandbox("one", twice, { ...known, memoryBytes: 128n }))).toEqual({
    first: 80n,
    last: 96n,
    part: 0.75,
  });
  expect(memoryUse(sandbox("one", [run(1, 1)], known))).toEqual({ first: null, last: 96n, part: null });
  expect(memoryUse(sandbox("one", twice, { firstMemoryBytes: 80n }))).toBeNull();
});
