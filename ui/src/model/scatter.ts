/** Traces, or spans, as points: when each began by how long it took. Both axes from 0 to 1, the lower edge at 0. */

import { after, between, type Nanos, type Time } from "../base/time.ts";
import { type LengthScale, logScale } from "./length-scale.ts";
import type { Range } from "./range.ts";
import { groupKey } from "./search-groups.ts";
import { type Lengths, type LengthsOf, type MatchRow, roundedLength, shownValue, splitBy } from "./trace-search.ts";

export interface ScatterPoint {
  readonly traceId: string;
  /** To mark in the trace; null where nothing is told. */
  readonly spanId: string | null;
  readonly name: string;
  readonly service: string;
  readonly start: Time;
  readonly duration: Nanos;
  readonly failed: boolean;
  /** What it belongs to: by what the query splits, else its service. */
  readonly group: string;
  readonly x: number;
  readonly y: number;
}

export interface Scatter {
  readonly from: Time;
  readonly to: Time;
  readonly scale: LengthScale;
  /** Lengths at the lower and the upper edge, in nanoseconds. */
  readonly low: number;
  readonly high: number;
  /** How much of the time was not searched yet, from 0 to 1. */
  readonly unsearched: number;
  /** The earliest first. */
  readonly points: readonly ScatterPoint[];
}

/** A box on the chart, from 0 to 1. */
export interface Box {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

type Unplaced = Omit<ScatterPoint, "x" | "y">;

/** The range that was asked for, and how far back it was searched. */
export interface Searched {
  readonly from: Time;
  readonly to: Time;
  readonly searchedFrom: Time;
}

/** Null where there is nothing to show. */
export function scatterOf(rows: readonly MatchRow[], of: LengthsOf, searched: Searched): Scatter | null {
  const { from, to, searchedFrom } = searched;
  const found = of === "traces" ? tracesOf(rows) : spansOf(rows);
  if (found.length === 0) return null;
  const lengths = found.map(point => Math.max(1, Number(point.duration)));
  const low = rounded(Math.min(...lengths), false);
  const high = rounded(Math.max(...lengths), true);
  const scale = logScale(low, high);
  const whole = Math.max(1, Number(between(from, to)));
  const points = found
    .map((point): ScatterPoint => {
      const x = Number(between(from, point.start)) / whole;
      // A root that began before the range belongs to its trace.
      return { ...point, x: inside(x), y: scale.place(Number(point.duration)) };
    })
    .sort((left, right) => Number(left.start - right.start));
  const unsearched = inside(Number(between(from, searchedFrom)) / whole);
  return { from, to, scale, low, high, unsearched, points };
}

const inside = (part: number): number => Math.min(1, Math.max(0, part));

/** A little room, to the next length that a scale would name. */
function rounded(length: number, up: boolean): number {
  const room = up ? length * 1.15 : length / 1.15;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, room)));
  const steps = [1, 1.5, 2, 3, 5, 7, 10].map(step => step * power);
  const found = up ? steps.find(step => step >= room) : steps.findLast(step => step <= room);
  return Math.max(1, found ?? room);
}

function tracesOf(rows: readonly MatchRow[]): Unplaced[] {
  const points = new Map<string, Unplaced>();
  for (const row of rows) {
    const { match, spanset } = row;
    const known = points.get(match.traceId);
    if (known !== undefined) {
      if (known.group !== groupName(row, match.rootService)) points.set(match.traceId, { ...known, group: SEVERAL });
      continue;
    }
    points.set(match.traceId, {
      traceId: match.traceId,
      spanId: spanset.spans[0]?.spanId ?? null,
      name: match.rootName || "no root",
      service: match.rootService,
      start: match.start,
      duration: match.duration,
      failed: match.errors > 0,
      group: groupName(row, match.rootService),
    });
  }
  return [...points.values()];
}

function spansOf(rows: readonly MatchRow[]): Unplaced[] {
  const points = new Map<string, Unplaced>();
  for (const row of rows) {
    for (const span of row.spanset.spans) {
      points.set(`${row.match.traceId} ${span.spanId}`, {
        traceId: row.match.traceId,
        spanId: span.spanId,
        name: span.name,
        service: span.service,
        start: span.start,
        duration: span.duration,
        failed: span.status === "error",
        group: groupName(row, span.service),
      });
    }
  }
  return [...points.values()];
}

/** Of a trace whose spans belong to more than one group. */
export const SEVERAL = "several";

function groupName(row: MatchRow, service: string): string {
  if (groupKey(row) === null) return service || "no service";
  const by = row.spanset.values.filter(({ key }) => splitBy(key) !== null);
  return by.map(({ key, value }) => shownValue(splitBy(key) ?? key, value)).join(", ");
}

export interface PointGroup {
  readonly name: string;
  readonly points: number;
}

/** The largest first. */
export function groupsOfPoints(points: readonly ScatterPoint[]): PointGroup[] {
  const counts = new Map<string, number>();
  for (const { group } of points) counts.set(group, (counts.get(group) ?? 0) + 1);
  return [...counts].map(([name, points]) => ({ name, points })).sort((left, right) => right.points - left.points);
}

/** The point that is closest to a place in pixels, if one is close; null where none is. */
export function nearest(
  points: readonly ScatterPoint[],
  size: { readonly width: number; readonly height: number },
  at: { readonly x: number; readonly y: number },
  reach: number,
): number | null {
  let best: number | null = null;
  let least = reach * reach;
  points.forEach((point, index) => {
    const x = point.x * size.width - at.x;
    const y = (1 - point.y) * size.height - at.y;
    const distance = x * x + y * y;
    if (distance > least) return;
    least = distance;
    best = index;
  });
  return best;
}

/** The point where a key leads: through time by left and right, through lengths by up and down; null for other keys. */
export function moved(points: readonly ScatterPoint[], at: number | null, key: string): number | null {
  const last = points.length - 1;
  const from = at ?? points.length;
  switch (key) {
    case "ArrowLeft":
      return Math.max(0, Math.min(last, from - 1));
    case "ArrowRight":
      return at === null ? last : Math.min(last, at + 1);
    case "ArrowUp":
      return at === null ? last : beside(points, at, 1);
    case "ArrowDown":
      return at === null ? last : beside(points, at, -1);
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return null;
  }
}

/** The next by length. */
function beside(points: readonly ScatterPoint[], at: number, step: 1 | -1): number {
  const order = points
    .map((_, index) => index)
    .sort((left, right) => Number((points[left]?.duration ?? 0n) - (points[right]?.duration ?? 0n)) || left - right);
  const place = order.indexOf(at) + step;
  return order[Math.min(order.length - 1, Math.max(0, place))] ?? at;
}

/** How many points lie in a box. */
export function pointsIn(points: readonly ScatterPoint[], { x, y }: Box): number {
  return points.filter(point => point.x >= x[0] && point.x <= x[1] && point.y >= y[0] && point.y <= y[1]).length;
}

/** A box by two of its corners, whichever. */
export function boxOf(one: { x: number; y: number }, other: { x: number; y: number }): Box {
  return {
    x: [Math.min(one.x, other.x), Math.max(one.x, other.x)],
    y: [Math.min(one.y, other.y), Math.max(one.y, other.y)],
  };
}

/** What a box leaves. An edge of the chart is no bound of length. */
export function narrowedBy(scatter: Scatter, of: LengthsOf, { x, y }: Box): { range: Range; lengths: Lengths } {
  const { from, to, low, high } = scatter;
  const whole = Number(between(from, to));
  const lengthAt = (part: number) => low * (high / low) ** part;
  return {
    range: {
      kind: "between",
      from: after(from, BigInt(Math.floor(x[0] * whole))),
      to: after(from, BigInt(Math.ceil(x[1] * whole))),
    },
    lengths: {
      of,
      least: y[0] <= 0 ? null : roundedLength(lengthAt(y[0]), false),
      most: y[1] >= 1 ? null : roundedLength(lengthAt(y[1]), true),
    },
  };
}
