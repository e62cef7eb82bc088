import { expect, test } from "vitest";

import { closedAbove, ERROR, hasError, isCritical, layOut, PHASE, rowOf, UNFINISHED, visibleRows } from "./layout.ts";
import { madeTrace } from "./made.ts";

/** init; request > (reserve > (select, select), charge). */
const shop = madeTrace([
  { start: 100, end: 200, phase: "init", critical: [[100, 200]] },
  {
    start: 200,
    end: 500,
    critical: [
      [200, 210],
      [480, 500],
    ],
  },
  { start: 210, end: 300, parent: 1, service: "stock", critical: [[290, 300]] },
  { start: 220, end: 250, parent: 2, service: "stock" },
  { start: 250, end: 290, parent: 2, service: "stock", critical: [[210, 290]] },
  { start: 300, end: 480, parent: 1, status: "error", marks: ["unfinished"], critical: [[300, 480]] },
]);

test("times count from the trace's start", () => {
  const layout = layOut(shop);
  expect(layout.length).toBe(400);
  expect([...layout.start]).toEqual([0, 100, 110, 120, 150, 200]);
  expect([...layout.end]).toEqual([100, 400, 200, 150, 190, 380]);
});

test("every span knows its family", () => {
  const layout = layOut(shop);
  expect([...layout.size]).toEqual([1, 5, 3, 1, 1, 1]);
  expect([...layout.place]).toEqual([1, 2, 1, 1, 2, 2]);
  expect([...layout.siblings]).toEqual([2, 2, 2, 2, 2, 2]);
});

test("flags and colours are told from the span", () => {
  const layout = layOut(shop);
  expect(layout.flags[0]).toBe(PHASE);
  expect(layout.flags[5]).toBe(ERROR | UNFINISHED);
  expect(hasError(layout, 5)).toBe(true);
  expect(layout.colour[2]).toBe(layout.colour[4]);
  expect(layout.colour[1], "two services, two colours").not.toBe(layout.colour[2]);
});

test("the sections of a subtree are one run", () => {
  const layout = layOut(shop);
  expect([...layout.sectionsAt]).toEqual([0, 1, 3, 4, 4, 5, 6]);
  expect(isCritical(layout, 3)).toBe(false);
  const end = 2 + (layout.size[2] ?? 0);
  const run = layout.sectionStart.subarray(layout.sectionsAt[2], layout.sectionsAt[end]);
  expect([...run]).toEqual([190, 110]);
});

test("what is below a closed span is not shown", () => {
  const layout = layOut(shop);
  expect([...visibleRows(layout, new Set())]).toEqual([0, 1, 2, 3, 4, 5]);
  const rows = visibleRows(layout, new Set([2]));
  expect([...rows]).toEqual([0, 1, 2, 5]);
  expect(rowOf(rows, 4), "a hidden span has the row of the one that hides it").toBe(2);
  expect(rowOf(rows, 5)).toBe(3);
  expect(closedAbove(layout, 4, new Set([1, 2]))).toEqual([2, 1]);
});

test("100,000 spans are laid out and folded", () => {
  const spans = Array.from({ length: 100_000 }, (_, index) => ({
    start: index,
    end: index + 10,
    ...(index > 0 && { parent: index % 100 === 0 ? 0 : Math.floor(index / 100) * 100 }),
  }));
  const trace = madeTrace(spans);
  const layout = layOut(trace);
  const closed = new Set(Array.from({ length: 1_000 }, (_, index) => index * 100).slice(1));
  const rows = visibleRows(layout, closed);
  expect(rows.length).toBe(99 + 1_000);
  expect(layout.size[0]).toBe(100_000);
});
