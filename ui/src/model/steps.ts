/** A range of time in steps of one length, as a chart shows it: steps are counted from 0. */

import { after, between, DAY, earliest, HOUR, latest, MINUTE, type Nanos, type Time, time } from "../base/time.ts";
import { zoneOffset } from "../base/zone.ts";
import type { FunctionPoint } from "./function-detail.ts";
import type { Range } from "./range.ts";

export interface Steps {
  /** What was asked for; the outer steps may reach over it. */
  readonly from: Time;
  readonly to: Time;
  readonly first: Time;
  readonly step: Nanos;
  readonly count: number;
}

export function stepsOf(from: Time, to: Time, step: Nanos): Steps {
  const first = time((from / step) * step);
  const count = Math.max(1, Number((to - first + step - 1n) / step));
  return { from, to, first, step, count };
}

/** Which step a moment lies in, or would lie in. */
export function stepAt({ first, step }: Steps, moment: Time): number {
  return Number((moment - first) / step);
}

export function startOf({ first, step }: Steps, at: number): Time {
  return after(first, BigInt(at) * step);
}

/** What happened in each step. */
export function inSteps(steps: Steps, points: readonly FunctionPoint[]): (FunctionPoint | undefined)[] {
  const found: (FunctionPoint | undefined)[] = Array.from({ length: steps.count });
  for (const point of points) {
    const at = stepAt(steps, point.start);
    if (at >= 0 && at < steps.count) found[at] = point;
  }
  return found;
}

/** The first and the last step of a stretch of time; null where it lies outside. */
export function stepsWithin(steps: Steps, since: Time, until: Time): readonly [number, number] | null {
  const first = Math.max(0, stepAt(steps, since));
  const last = Math.min(steps.count - 1, stepAt(steps, after(until, -1n)));
  return first <= last && until > steps.first ? [first, last] : null;
}

/** From one step to another, both included, no further than what was asked for. */
export function rangeBetween(steps: Steps, one: number, other: number): Range {
  const from = startOf(steps, Math.min(one, other));
  const to = startOf(steps, Math.max(one, other) + 1);
  return { kind: "between", from: latest(from, steps.from), to: earliest(to, steps.to) };
}

export interface StepSum {
  readonly invocations: number;
  readonly errors: number;
  readonly coldStarts: number;
}

/** From one step to another, both included: what can be added up. */
export function sumBetween(points: readonly (FunctionPoint | undefined)[], one: number, other: number): StepSum {
  const some = points.slice(Math.min(one, other), Math.max(one, other) + 1);
  const sum = (of: (point: FunctionPoint) => number) =>
    some.reduce((all, point) => all + (point === undefined ? 0 : of(point)), 0);
  return {
    invocations: sum(point => point.invocations),
    errors: sum(point => point.errors),
    coldStarts: sum(point => point.coldStarts),
  };
}

/** Round places on a clock. */
const ROUND = [
  MINUTE,
  2n * MINUTE,
  5n * MINUTE,
  10n * MINUTE,
  15n * MINUTE,
  30n * MINUTE,
  HOUR,
  2n * HOUR,
  3n * HOUR,
  6n * HOUR,
  12n * HOUR,
  DAY,
  2n * DAY,
  3n * DAY,
  7n * DAY,
];

/** Moments to name below a chart, round by the clock that the reader chose, no more than so many. */
export function clockMarks(from: Time, to: Time, most: number): Time[] {
  const length = between(from, to);
  const fits = (step: bigint) => length / step <= BigInt(most);
  const whole = DAY * (length / BigInt(most) / DAY + 1n);
  const step = ROUND.find(fits) ?? whole;
  const zone = zoneOffset(from);
  const marks: Time[] = [];
  const first = ((from + zone + step - 1n) / step) * step - zone;
  for (let at = first; at <= to; at += step) marks.push(time(at));
  return marks;
}
