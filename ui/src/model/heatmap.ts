/** How lengths spread over time: buckets of the API taken together to rows that can be seen. */

import { type Nanos, nanos } from "../base/time.ts";
import type { FunctionPoint } from "./function-detail.ts";
import { type LengthScale, logScale } from "./length-scale.ts";

export interface Heatmap {
  readonly scale: LengthScale;
  /** From the shortest lengths to the longest. */
  readonly rows: readonly Row[];
  /** How many stand in each row of each step: `counts[step * rows.length + row]`. */
  readonly counts: Uint32Array;
  /** The greatest of these. */
  readonly most: number;
}

/** So many that took from one row's lengths to another's, in steps one after the other; all ends included. */
export function countWithin({ rows, counts }: Heatmap, area: HeatArea): number {
  let sum = 0;
  for (let step = area.first; step <= area.last; step++) {
    for (let row = area.low; row <= area.high; row++) sum += counts[step * rows.length + row] ?? 0;
  }
  return sum;
}

/** The shortest and the longest that rows hold, in whole nanoseconds. */
export function lengthsOf({ rows }: Heatmap, low: number, high: number): { min: Nanos; max: Nanos } {
  // A row begins above its low end.
  return {
    min: nanos(BigInt(Math.floor(rows[low]?.low ?? 0)) + 1n),
    max: nanos(BigInt(Math.floor(rows[high]?.high ?? 0))),
  };
}

/** Which row a length stands in, or would: the nearest. */
export function rowHolding({ rows }: Heatmap, length: number): number {
  const found = rows.findIndex(({ high }) => length <= high);
  return found === -1 ? rows.length - 1 : found;
}

export const middleOf = ({ rows }: Heatmap, row: number): number =>
  Math.sqrt((rows[row]?.low ?? 1) * (rows[row]?.high ?? 1));

/** Of a heatmap: steps and rows, counted from 0. */
export interface HeatArea {
  readonly first: number;
  readonly last: number;
  readonly low: number;
  readonly high: number;
}

/** Lengths from above `low` to `high`, in nanoseconds. */
interface Row {
  readonly low: number;
  readonly high: number;
}

/** The API has 32 buckets for each doubling of microseconds. */
const PER_OCTAVE = 32;
const MICROSECOND = 1_000;
const MOST_ROWS = 40;
/** Fewer would be a wall of boxes. */
const LEAST_ROWS = 12;

const indexOf = (end: number): number => Math.round(Math.log2(Math.max(1, end) / MICROSECOND) * PER_OCTAVE);
const endOf = (index: number): number => 2 ** (index / PER_OCTAVE) * MICROSECOND;

/** Each row takes the same number of whole buckets, so that none is fuller for its height. */
export function heatmap(points: readonly (FunctionPoint | undefined)[]): Heatmap | null {
  const indexes = points.flatMap(point => point?.durations.map(({ end }) => indexOf(end)) ?? []);
  if (indexes.length === 0) return null;
  const [least, last] = indexes.reduce(([low, high], at) => [Math.min(low, at), Math.max(high, at)], [
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ] as [number, number]);
  const each = Math.ceil((last - least + 1) / MOST_ROWS);
  const needed = Math.ceil((last - least + 1) / each);
  const count = Math.max(LEAST_ROWS, needed);
  // What there is stands in the middle.
  const first = least - Math.floor((count - needed) / 2) * each;
  const rows = Array.from({ length: count }, (_, row) => ({
    low: endOf(first + row * each - 1),
    high: endOf(first + (row + 1) * each - 1),
  }));
  const counts = new Uint32Array(points.length * count);
  points.forEach((point, step) => {
    for (const bucket of point?.durations ?? []) {
      const at = step * count + Math.floor((indexOf(bucket.end) - first) / each);
      counts[at] = (counts[at] ?? 0) + bucket.count;
    }
  });
  const scale = logScale(endOf(first - 1), endOf(first + count * each - 1));
  return { scale, rows, counts, most: counts.reduce((most, one) => Math.max(most, one), 0) };
}
