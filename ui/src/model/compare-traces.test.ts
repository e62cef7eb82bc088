import { expect, test } from "vitest";

import { compareTraces, mostDifferent, typicalOf } from "./compare-traces.ts";
import { layOut } from "./layout.ts";
import { type MadeSpan, madeTrace } from "./made.ts";

const side = (spans: readonly MadeSpan[]) => {
  const trace = madeTrace(spans);
  return { trace, layout: layOut(trace) };
};

const slow = side([
  { start: 0, end: 100, name: "handler" },
  { start: 0, end: 70, parent: 0, name: "ask" },
  { start: 10, end: 40, parent: 1, name: "read" },
  { start: 70, end: 95, parent: 0, name: "retry" },
]);
const ordinary = side([
  { start: 1_000, end: 1_030, name: "handler" },
  { start: 1_000, end: 1_010, parent: 0, name: "ask" },
  { start: 1_010, end: 1_015, parent: 0, name: "ask" },
  { start: 1_020, end: 1_025, parent: 0, name: "log" },
]);

test("spans that are alike on one path are laid over each other", () => {
  const told = compareTraces(slow, ordinary).map(path => [
    path.name,
    path.depth,
    path.this?.total ?? null,
    path.other?.total ?? null,
    path.difference,
  ]);
  expect(told).toEqual([
    ["handler", 0, 100, 30, 70],
    ["ask", 1, 70, 15, 55],
    ["read", 2, 30, null, 30],
    ["log", 1, null, 5, -5],
    ["retry", 1, 25, null, 25],
  ]);
});

test("of the other way round the differences are the other way round", () => {
  const sum = (of: ReturnType<typeof compareTraces>) => of.reduce((all, path) => all + path.difference, 0);
  expect(sum(compareTraces(slow, ordinary))).toBe(-sum(compareTraces(ordinary, slow)));
});

test("a trace differs from itself in nothing", () => {
  for (const path of compareTraces(slow, slow)) {
    expect(path.difference).toBe(0);
    expect(path.this).toEqual(path.other);
  }
});

test("of many paths those that differ most are kept, with what they stand below", () => {
  const paths = compareTraces(slow, ordinary);
  expect(mostDifferent(paths, 9)).toBe(paths);
  const read = paths.map(path => (path.name === "read" ? { ...path, difference: 1_000 } : path));
  expect(mostDifferent(read, 1).map(path => path.name)).toEqual(["handler", "ask", "read"]);
});

test("an ordinary one is in the middle of those that ended well", () => {
  const one = (duration: bigint | null, outcome = "ok") => ({ duration, outcome });
  expect(typicalOf([one(9n), one(1n), one(5n), one(70n, "timeout"), one(null)])?.duration).toBe(5n);
  expect(typicalOf([one(3n, "error")])).toBeNull();
});
