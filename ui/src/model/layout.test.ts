import { expect, test } from "vitest";

import { foldsOf } from "./folds.ts";
import {
  ALL,
  ERROR,
  hasError,
  hiding,
  isCritical,
  isGroup,
  layOut,
  membersOf,
  PHASE,
  pathTo,
  rowsOf,
  type Shown,
  UNFINISHED,
  waitedFor,
  withGroups,
} from "./layout.ts";
import { type MadeSpan, madeTrace } from "./made.ts";

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

const shown = (some: Partial<Shown>): Shown => ({ ...ALL, ...some });

test("what is below a closed span is not shown", () => {
  const layout = layOut(shop);
  expect([...rowsOf(layout, ALL).entries]).toEqual([0, 1, 2, 3, 4, 5]);
  const rows = rowsOf(layout, shown({ closed: new Set([2]) }));
  expect([...rows.entries]).toEqual([0, 1, 2, 5]);
  expect(rows.at[4], "a hidden span has the row of the one that hides it").toBe(2);
  expect(rows.at[5]).toBe(3);
  expect(hiding(layout, 4, shown({ closed: new Set([1, 2]) }))).toEqual([2, 1]);
});

test("a subtree can be looked at alone, and the critical path", () => {
  const layout = layOut(shop);
  expect(pathTo(layout, 4)).toEqual([1, 2, 4]);
  const below = rowsOf(layout, shown({ focus: 2 }));
  expect([...below.entries]).toEqual([2, 3, 4]);
  expect([below.at[0], below.at[5]], "what lies outside has no row").toEqual([-1, -1]);
  const critical = rowsOf(layout, shown({ onlyCritical: true }));
  expect([...critical.entries]).toEqual([0, 1, 2, 4, 5]);
});

/** A handler that reads nine items, one of which fails and one of which calls further, and writes once in between. */
const reads: MadeSpan[] = [
  { start: 0, end: 100, name: "handler" },
  ...Array.from({ length: 4 }, (_, at) => ({ start: at * 10, end: at * 10 + 2, parent: 0, name: `get ${at}` })),
  { start: 40, end: 48, parent: 0, name: "put" },
  ...Array.from({ length: 5 }, (_, at) => ({
    start: 50 + at * 10,
    end: 51 + at * 10,
    parent: 0,
    name: `get ${at + 4}`,
    ...(at === 0 && { status: "error" as const, critical: [[50, 51]] as const }),
  })),
  { start: 90, end: 91, parent: 10, name: "retry", critical: [[90, 91]] },
];

test("alike siblings are one row, wherever they stand among the others", () => {
  const trace = madeTrace(reads);
  const layout = layOut(trace, foldsOf(trace));
  const group = layout.count;
  expect(layout.folds.names).toEqual(["get …"]);
  expect([...membersOf(layout, group)]).toEqual([1, 2, 3, 4, 6, 7, 8, 9, 10]);
  expect(layout.sums[0]).toEqual({ count: 9, total: 13, median: 1, longest: 2, failed: 1 });
  expect([layout.start[group], layout.end[group], layout.depth[group]]).toEqual([0, 91, 1]);
  expect(hasError(layout, group)).toBe(true);
  expect(waitedFor(layout, group), "with what they called").toBe(2);
  const rows = rowsOf(layout, ALL);
  expect([...rows.entries]).toEqual([0, group, 5]);
  expect(rows.at[11], "what a folded span called has its group's row").toBe(1);
  expect([layout.place[group], layout.place[5], layout.siblings[5]]).toEqual([1, 2, 2]);
});

test("an unfolded group shows its members in its place, one deeper", () => {
  const trace = madeTrace(reads);
  const layout = layOut(trace, foldsOf(trace));
  const group = layout.count;
  const rows = rowsOf(layout, shown({ opened: new Set([group]) }));
  expect([...rows.entries]).toEqual([0, group, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 5]);
  expect([layout.depth[1], layout.depth[11], layout.depth[5]]).toEqual([2, 3, 1]);
  expect([layout.place[7], layout.siblings[7]]).toEqual([6, 9]);
  expect(hiding(layout, 11, ALL)).toEqual([group]);
  expect(hiding(layout, 11, shown({ opened: new Set([group]), closed: new Set([10]) }))).toEqual([10]);
});

test("what holds for a span holds for the group that hides it", () => {
  const trace = madeTrace(reads);
  const layout = layOut(trace, foldsOf(trace));
  const found = withGroups(
    layout,
    Uint8Array.from(trace.spans, ({ name }) => (name === "retry" ? 1 : 0)),
  );
  expect(found[layout.count]).toBe(1);
  expect(isGroup(layout, layout.count)).toBe(true);
  expect(withGroups(layout, new Uint8Array(12))[layout.count]).toBe(0);
});

/** Numbers that look random and are the same every time. */
function* numbers(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    yield (state >>> 8) / 0x1000000;
  }
}

function randomTrace(seed: number) {
  const drawn = numbers(seed);
  const next = (most: number) => Math.floor((drawn.next().value ?? 0) * most);
  const spans: MadeSpan[] = [];
  const grow = (parent: number | undefined, depth: number) => {
    const count = next(depth === 0 ? 4 : 26);
    for (let at = 0; at < count; at++) {
      const start = spans.length;
      spans.push({
        start,
        end: start + 1 + next(50),
        name: `${"ab"[next(2)]} ${at}`,
        ...(parent !== undefined && { parent }),
      });
      if (depth < 3 && next(4) === 0) grow(start, depth + 1);
    }
  };
  grow(undefined, 0);
  return madeTrace(spans);
}

test("whatever is folded, every span has a row, and unfolded each has its own", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const trace = randomTrace(seed);
    const layout = layOut(trace, foldsOf(trace));
    const folded = rowsOf(layout, ALL);
    expect([...folded.at.subarray(0, layout.count)]).not.toContain(-1);
    folded.entries.forEach((entry, row) => {
      expect(folded.at[entry]).toBe(row);
    });
    const groups = Array.from({ length: layout.entries - layout.count }, (_, group) => layout.count + group);
    const { entries, at } = rowsOf(layout, shown({ opened: new Set(groups) }));
    expect([...entries].sort((left, right) => left - right)).toEqual([...Array(layout.entries).keys()]);
    entries.forEach((entry, row) => {
      const above = layout.above[entry] ?? -1;
      expect(layout.depth[entry]).toBe(above === -1 ? 0 : (layout.depth[above] ?? 0) + 1);
      if (above !== -1) expect(at[above] ?? 0, "what it is shown below stands before it").toBeLessThan(row);
    });
  }
});

test("100,000 spans are laid out and folded", () => {
  const spans = Array.from({ length: 100_000 }, (_, index) => ({
    start: index,
    end: index + 10,
    ...(index > 0 && { parent: index % 100 === 0 ? 0 : Math.floor(index / 100) * 100 }),
  }));
  const trace = madeTrace(spans);
  const layout = layOut(trace, foldsOf(trace));
  expect(layout.entries - layout.count, "below the root, and below each batch").toBe(1 + 999);
  expect(rowsOf(layout, ALL).entries.length, "the root, and all that it did").toBe(2);
  const closed = new Set(Array.from({ length: 1_000 }, (_, index) => index * 100).slice(1));
  const apart = layOut(trace);
  expect(rowsOf(apart, shown({ closed })).entries.length).toBe(99 + 1_000);
  expect(apart.size[0]).toBe(100_000);
});
