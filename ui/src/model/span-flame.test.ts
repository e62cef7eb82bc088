import { expect, test } from "vitest";

import { nanos } from "../base/time.ts";
import { layOut } from "./layout.ts";
import { type MadeSpan, madeTrace } from "./made.ts";
import { type FlameFrame, flameOf, frameAt, frameWith, nextFrame } from "./span-flame.ts";
import type { Measure } from "./span-measures.ts";

/** A handler that asks twice side by side, then writes. */
const made: MadeSpan[] = [
  { start: 0, end: 100, name: "handler", selfTime: nanos(20n), criticalTime: nanos(30n) },
  { start: 0, end: 60, parent: 0, name: "ask", selfTime: nanos(60n), criticalTime: nanos(0n) },
  { start: 0, end: 70, parent: 0, name: "ask", selfTime: nanos(50n), criticalTime: nanos(50n), status: "error" },
  { start: 10, end: 30, parent: 2, name: "read", selfTime: nanos(20n), criticalTime: nanos(20n) },
  { start: 80, end: 90, parent: 0, name: "write", selfTime: nanos(10n), criticalTime: nanos(0n) },
];

const flame = (by: Measure, focus: number | null = null) => {
  const trace = madeTrace(made);
  return flameOf(trace, layOut(trace), by, focus);
};
const told = (frames: readonly FlameFrame[]) =>
  frames.map(({ name, depth, spans, value, own }) => [name, depth, spans.length, value, own]);

test("spans that are alike on one path are one frame", () => {
  expect(told(flame("total"))).toEqual([
    ["handler", 0, 1, 100, 20],
    ["ask", 1, 2, 130, 110],
    ["read", 2, 1, 20, 20],
    ["write", 1, 1, 10, 10],
  ]);
  expect(flame("total")[1]?.failed).toBe(1);
});

test("what ran side by side shares the width of what is above it", () => {
  const [handler, ask, , write] = flame("total");
  expect(handler?.width).toBe(1);
  expect(ask?.width).toBeCloseTo(130 / 140);
  expect((ask?.width ?? 0) + (write?.width ?? 0)).toBeCloseTo(1);
});

test("times of one's own and of the critical path add up", () => {
  expect(told(flame("self")).map(([name, , , value]) => [name, value])).toEqual([
    ["handler", 160],
    ["ask", 130],
    ["read", 20],
    ["write", 10],
  ]);
  expect(told(flame("critical")).map(([name, , , value]) => [name, value])).toEqual([
    ["handler", 100],
    ["ask", 70],
    ["read", 20],
    ["write", 0],
  ]);
});

test("no frame leaves the one above it, whatever is measured", () => {
  for (const by of ["total", "self", "critical"] as const) {
    const frames = flame(by);
    for (const { from, width, parent } of frames) {
      const above = frames[parent] ?? { from: 0, width: 1 };
      expect(from).toBeGreaterThanOrEqual(above.from - 1e-9);
      expect(from + width).toBeLessThanOrEqual(above.from + above.width + 1e-9);
    }
  }
});

test("a subtree is a flame of its own", () => {
  expect(told(flame("total", 2)).map(([name, depth]) => [name, depth])).toEqual([
    ["ask", 0],
    ["read", 1],
  ]);
});

test("frames are gone to by step and by place", () => {
  const frames = flame("total");
  expect(frameWith(frames, 2)).toBe(1);
  expect(frameWith(frames, 9)).toBeNull();
  expect(nextFrame(frames, 0, "below", 0)).toBe(1);
  expect(nextFrame(frames, 1, "behind", 0)).toBe(3);
  expect(nextFrame(frames, 3, "before", 0)).toBe(1);
  expect(nextFrame(frames, 1, "behind", 0.5), "too narrow to be seen").toBeNull();
  expect(nextFrame(frames, 3, "above", 0)).toBe(0);
  expect(nextFrame(frames, 0, "above", 0)).toBeNull();
  expect(frameAt(frames, 1, 0.99)).toBe(3);
  expect(frameAt(frames, 2, 0.99)).toBeNull();
});
