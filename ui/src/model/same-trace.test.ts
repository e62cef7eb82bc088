import { expect, test } from "vitest";

import { time } from "../base/time.ts";
import type { Invocation } from "./invocation.ts";
import { madeTrace } from "./made.ts";
import { isRunning, keepDetail, keepTrace, mayGrow } from "./same-trace.ts";
import type { InvocationDetail } from "./trace.ts";

const spans = [
  { start: 0, end: 10 },
  { start: 2, end: 5, parent: 0 },
];

test("a trace that tells the same stays the one that it was", () => {
  const known = madeTrace(spans);
  expect(keepTrace(known, madeTrace(spans))).toBe(known);
  expect(keepTrace(undefined, known)).toBe(known);
});

test("whatever is new makes it another", () => {
  const known = madeTrace(spans);
  const others = [
    madeTrace([...spans, { start: 6, end: 7, parent: 0 }]),
    madeTrace([
      { start: 0, end: 10 },
      { start: 2, end: 6, parent: 0 },
    ]),
    madeTrace([
      { start: 0, end: 10, status: "error" },
      { start: 2, end: 5, parent: 0 },
    ]),
    { ...madeTrace(spans), spansTotal: 9 },
    { ...madeTrace(spans), end: time(11n) },
  ];
  for (const other of others) expect(keepTrace(known, other)).toBe(other);
});

test("what is told around a trace is taken from the new answer", () => {
  const detail = (verdict: string) => ({ verdict, trace: madeTrace(spans) }) as InvocationDetail;
  const known = detail("runs");
  const kept = keepDetail(known, detail("took 10 ns"));
  expect([kept.verdict, kept.trace === known.trace]).toEqual(["took 10 ns", true]);
});

test("a trace may grow while something runs, and for a while after", () => {
  const trace = madeTrace(spans);
  const running = { ...trace, invocations: [{ outcome: "running" } as Invocation] };
  expect([isRunning(trace), isRunning(running)]).toEqual([false, true]);
  expect(mayGrow(trace, 10n + 29_000_000_000n)).toBe(true);
  expect(mayGrow(trace, 10n + 31_000_000_000n)).toBe(false);
  expect(mayGrow(running, 10n + 31_000_000_000n)).toBe(true);
});
