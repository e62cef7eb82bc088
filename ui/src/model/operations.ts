/** How long what a trace's spans did usually takes: an operation is what spans of one service, name and kind do. */

import { formatCount, formatNanos } from "../base/format.ts";
import type { Span, SpanKind } from "./trace.ts";

export interface Operation {
  readonly service: string;
  readonly name: string;
  readonly kind: SpanKind;
  /** How far it was looked for others, before and after the begin of the trace, in nanoseconds. */
  readonly reach: number;
  /** There were too many to look at all. */
  readonly isPart: boolean;
  /** How many others were found. */
  readonly count: number;
  /** What 1, 2, ... 100 % of them took at most, in nanoseconds; empty where they are too few to say. */
  readonly percentiles: readonly number[];
}

export interface OperationList {
  /** Those that took longest in the trace. */
  readonly operations: readonly Operation[];
  /** How many the trace has. */
  readonly total: number;
}

type Done = Pick<Span, "service" | "name" | "kind">;

/** The operations of a trace, to be found by what a span did. */
export class Operations {
  readonly list: readonly Operation[];
  /** There are others, of which nothing is told. */
  readonly isPart: boolean;
  readonly #byName = new Map<string, Operation[]>();

  constructor({ operations, total }: OperationList) {
    this.list = operations;
    this.isPart = total > operations.length;
    for (const one of operations) this.#byName.set(one.name, [...(this.#byName.get(one.name) ?? []), one]);
  }

  of({ service, name, kind }: Done): Operation | undefined {
    return this.#byName.get(name)?.find(one => one.service === service && one.kind === kind);
  }

  /** Whether of any it is known what is usual. */
  get isTelling(): boolean {
    return this.list.some(isTelling);
  }
}

export const isTelling = ({ percentiles }: Operation): boolean => percentiles.length === 100;

/** What so many percent of the others took at most, in nanoseconds. */
export const percentile = ({ percentiles }: Operation, percent: number): number =>
  percentiles[percent - 1] ?? Number.NaN;

/** Which of the marks a length is beyond: 95, 99 or none. */
export function beyond(length: number, of: Operation): 95 | 99 | null {
  if (!isTelling(of)) return null;
  if (length > percentile(of, 99)) return 99;
  return length > percentile(of, 95) ? 95 : null;
}

/** Where a length stands among the others: `slower than 97 % of 4,210 like it`; null where they are too few to say. */
export function standing(length: number, of: Operation): string | null {
  if (!isTelling(of)) return null;
  const others = `${formatCount(of.count)}${of.isPart ? " of those" : ""} like it`;
  if (length > percentile(of, 100)) return `slower than all ${others}`;
  const steps = of.percentiles.slice(0, 99);
  const slower = steps.filter(step => step < length).length;
  const quicker = steps.filter(step => step > length).length;
  if (slower >= 50) return `slower than ${slower}\u00a0% of ${others}`;
  if (quicker >= 50) return `quicker than ${quicker}\u00a0% of ${others}`;
  return `as long as most of ${others}`;
}

/** The same as sentences, with what is usual. */
export function usualText(length: number, of: Operation): string {
  const within = `within ${formatReach(of.reach)} of this trace`;
  const stands = standing(length, of);
  if (stands === null && of.isPart) {
    return `Too many spans came ${within} to look at all: among those that were, too few are like it to say what is usual.`;
  }
  if (stands === null) {
    const found = of.count === 0 ? "No other" : `Only ${formatCount(of.count)}`;
    return `${found} like it ${of.count > 1 ? "were" : "was"} found ${within}: too few to say what is usual.`;
  }
  const took = (percent: number) => formatNanos(percentile(of, percent));
  return (
    `${formatNanos(length)}: ${stands} ${within}. ` +
    `Half of them took ${took(50)} at most, 95\u00a0% ${took(95)}, 99\u00a0% ${took(99)}.`
  );
}

const MINUTE = 60e9;

/** `5 min`, `12 h`. */
function formatReach(reach: number): string {
  const minutes = Math.round(reach / MINUTE);
  return minutes < 60 ? `${minutes}\u00a0min` : `${Math.round(minutes / 60)}\u00a0h`;
}
