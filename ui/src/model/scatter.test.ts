import { expect, test } from "vitest";
import { must } from "../base/assert.ts";
import { nanos, time } from "../base/time.ts";
import { attribute, madeMatch, madeSpan, madeSpanset, text } from "./made-match.ts";
import { boxOf, groupsOfPoints, moved, narrowedBy, nearest, pointsIn, SEVERAL, scatterOf } from "./scatter.ts";
import { rowsOf } from "./trace-search.ts";

const MS = 1_000_000n;
const S = 1_000n * MS;
const HOUR = 3_600n * S;

const match = (id: string, at: bigint, length: bigint, more = {}) =>
  madeMatch(id, { start: time(at), duration: nanos(length), ...more });
const ROWS = rowsOf([
  match("late", 45n * 60n * S, 100n * MS),
  match("early", 15n * 60n * S, 10n * S, { errors: 1 }),
  match("middle", 30n * 60n * S, MS),
]);
const whole = { from: time(0n), to: time(HOUR), searchedFrom: time(0n) };
const chart = must(scatterOf(ROWS, "traces", whole), "there are points");

test("points lie where they began, longer ones higher", () => {
  expect(chart.points.map(point => [point.traceId, point.x, point.failed])).toEqual([
    ["early", 0.25, true],
    ["middle", 0.5, false],
    ["late", 0.75, false],
  ]);
  const [early, middle, late] = chart.points.map(point => point.y);
  expect(early).toBeGreaterThan(must(late, "three"));
  expect(late).toBeGreaterThan(must(middle, "three"));
  expect(chart.unsearched).toBe(0);
});

test("what was not searched yet is told", () => {
  expect(scatterOf(ROWS, "traces", { ...whole, searchedFrom: time(HOUR / 4n) })?.unsearched).toBe(0.25);
  expect(scatterOf([], "traces", whole)).toBeNull();
});

test("a trace is one point, and belongs to several groups where its spans do", () => {
  const spansets = ["pay", "ask"].map((name, at) =>
    madeSpanset([attribute("by(name)", text(name))], [madeSpan(`${at}`, { name, start: time(S) })]),
  );
  const rows = rowsOf([madeMatch("1", { spansets })]);
  expect(scatterOf(rows, "traces", whole)?.points.map(point => point.group)).toEqual([SEVERAL]);
  const spans = must(scatterOf(rows, "spans", whole), "there are points").points;
  expect(groupsOfPoints(spans)).toEqual([
    { name: "pay", points: 1 },
    { name: "ask", points: 1 },
  ]);
});

test("left and right go through time, up and down through lengths", () => {
  const go = (at: number | null, key: string) => {
    const to = moved(chart.points, at, key);
    return to === null ? null : chart.points[to]?.traceId;
  };
  expect(go(null, "ArrowLeft")).toBe("late");
  expect(go(2, "ArrowLeft")).toBe("middle");
  expect(go(2, "ArrowRight")).toBe("late");
  expect(go(2, "ArrowUp")).toBe("early");
  expect(go(2, "ArrowDown")).toBe("middle");
  expect(go(1, "ArrowDown")).toBe("middle");
  expect(go(2, "Home")).toBe("early");
  expect(go(2, "x")).toBeNull();
});

test("only what is close is pointed at", () => {
  const size = { width: 1000, height: 100 };
  const [early] = chart.points;
  const y = (1 - must(early, "three").y) * 100;
  expect(nearest(chart.points, size, { x: 255, y }, 20)).toBe(0);
  expect(nearest(chart.points, size, { x: 290, y }, 20)).toBeNull();
});

test("a box leaves a range of time and of lengths", () => {
  const [early, middle] = chart.points;
  const box = boxOf(must(middle, "three"), must(early, "three"));
  expect(pointsIn(chart.points, box)).toBe(2);
  const { range, lengths } = narrowedBy(chart, "traces", box);
  expect(range).toEqual({ kind: "between", from: HOUR / 4n, to: HOUR / 2n });
  expect(Number(lengths.least)).toBeLessThanOrEqual(Number(MS));
  expect(Number(lengths.most)).toBeGreaterThanOrEqual(Number(10n * S));
});

test("the edge of the chart bounds no length", () => {
  const { lengths } = narrowedBy(chart, "spans", { x: [0, 1], y: [0, 1] });
  expect(lengths).toEqual({ of: "spans", least: null, most: null });
});
