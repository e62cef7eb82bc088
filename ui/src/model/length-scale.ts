/** Where lengths of time stand on a chart: from 0 below to 1 above. */

import type { FunctionPoint } from "./function-detail.ts";
import { ticks } from "./ticks.ts";

export interface LengthScale {
  readonly kind: "linear" | "log";
  readonly place: (length: number) => number;
  /** Round lengths, the shortest first. */
  readonly marks: readonly number[];
}

/** Where the slowest take more than so many times as long as the quickest, a linear scale shows but the slowest. */
const LINEAR_UP_TO = 20;
const MOST_MARKS = 6;
const STEPS = [1, 2, 5];
const MILLISECOND = 1e6;

/** For percentiles over time: linear from zero, or logarithmic where they lie far apart. */
export function percentileScale(points: readonly FunctionPoint[]): LengthScale {
  const known = points.filter(point => point.durations.length > 0);
  const low = Math.min(...known.map(point => Math.max(1, Number(point.p50))));
  const high = Math.max(...known.map(point => Number(point.p99)), 0);
  if (high === 0) return linear(MILLISECOND);
  return high / low > LINEAR_UP_TO ? logScale(roundDown(low), roundUp(high)) : linear(high);
}

function linear(high: number): LengthScale {
  const marks = ticks(0, high * 1.1, 4);
  const top = Math.max(high * 1.1, marks.at(-1) ?? 0);
  return { kind: "linear", place: length => inside(length / top), marks };
}

export function logScale(low: number, high: number): LengthScale {
  const width = Math.log(high / low);
  const place = (length: number) => inside(Math.log(Math.max(1, length) / low) / width);
  return { kind: "log", place, marks: logMarks(low, high) };
}

const inside = (part: number): number => Math.min(1, Math.max(0, part));

/** 1, 2 and 5 times powers of ten, or the powers alone, or some of these. */
function logMarks(low: number, high: number): number[] {
  const powers: number[] = [];
  for (let at = Math.floor(Math.log10(low)); at <= Math.ceil(Math.log10(high)); at++) powers.push(10 ** at);
  const isIn = (length: number) => length >= low * 0.999 && length <= high * 1.001;
  const fine = powers.flatMap(power => STEPS.map(step => step * power)).filter(isIn);
  if (fine.length <= MOST_MARKS) return fine;
  const coarse = powers.filter(isIn);
  const every = Math.max(1, Math.ceil(coarse.length / MOST_MARKS));
  return coarse.filter((_, at) => at % every === 0);
}

function roundDown(length: number): number {
  const power = 10 ** Math.floor(Math.log10(length));
  return (STEPS.findLast(step => step * power <= length * 1.000_001) ?? 1) * power;
}

function roundUp(length: number): number {
  const power = 10 ** Math.floor(Math.log10(length));
  return (STEPS.find(step => step * power >= length * 0.999_999) ?? 10) * power;
}
