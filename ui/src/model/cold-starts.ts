/** Functions by how their invocations began: how many waited for a start, and for how long. */

import type { FunctionSummary } from "./function.ts";
import type { FunctionDetail } from "./function-detail.ts";

export const COLD_ORDERS = ["share", "count", "init"] as const;
export type ColdOrder = (typeof COLD_ORDERS)[number];

/** From 0 to 1. */
export function coldShare({ coldStarts, invocations }: FunctionSummary): number {
  return invocations === 0 ? 0 : coldStarts / invocations;
}

/** Those that had cold starts, the worst first; stable. */
export function coldFunctions(functions: readonly FunctionSummary[], order: ColdOrder): FunctionSummary[] {
  return functions.filter(one => one.coldStarts > 0).toSorted((left, right) => by(order, right) - by(order, left));
}

function by(order: ColdOrder, one: FunctionSummary): number {
  switch (order) {
    case "share":
      return coldShare(one);
    case "count":
      return one.coldStarts;
    case "init":
      return Number(one.initP50 ?? -1n);
  }
}

/** How many cold starts in each step, from the first step with invocations to the last. */
export function coldSeries({ points, step }: FunctionDetail): number[] {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || step <= 0n) return [];
  const series = Array.from({ length: Number((last.start - first.start) / step) + 1 }, () => 0);
  for (const point of points) series[Number((point.start - first.start) / step)] = point.coldStarts;
  return series;
}
