import type { Dollars } from "../base/money.ts";
import type { Nanos, Time } from "../base/time.ts";

/** What a function did in a range of time. */
export interface FunctionSummary {
  readonly name: string;
  readonly platform: string;
  readonly runtime: string;
  readonly architecture: string;
  readonly memoryBytes: bigint;
  readonly invocations: number;
  readonly coldStarts: number;
  /** All failures, timeouts, ooms and lost ones included. */
  readonly errors: number;
  readonly timeouts: number;
  readonly ooms: number;
  readonly lost: number;
  readonly p50: Nanos;
  readonly p95: Nanos;
  readonly max: Nanos;
  readonly initP50: Nanos | null;
  readonly lastSeen: Time;
  readonly cost: Dollars | null;
}

export const FUNCTION_ORDERS = [
  "recent",
  "name",
  "invocations",
  "cold",
  "errors",
  "p50",
  "p95",
  "max",
  "init",
] as const;
export type FunctionOrder = (typeof FUNCTION_ORDERS)[number];

/** Sorted so that what needs attention comes first; stable. */
export function inOrder(functions: readonly FunctionSummary[], order: FunctionOrder): FunctionSummary[] {
  return [...functions].sort((left, right) => compare(left, right, order));
}

function compare(left: FunctionSummary, right: FunctionSummary, order: FunctionOrder): number {
  switch (order) {
    case "recent":
      return descending(left.lastSeen, right.lastSeen);
    case "name":
      return left.name.localeCompare(right.name);
    case "invocations":
      return right.invocations - left.invocations;
    case "cold":
      return right.coldStarts - left.coldStarts;
    case "errors":
      return right.errors - left.errors;
    case "p50":
    case "p95":
    case "max":
      return descending(left[order], right[order]);
    case "init":
      return descending(left.initP50 ?? -1n, right.initP50 ?? -1n);
  }
}

function descending(left: bigint, right: bigint): number {
  if (left === right) return 0;
  return left < right ? 1 : -1;
}

export interface Totals {
  readonly functions: number;
  readonly invocations: number;
  readonly coldStarts: number;
  readonly errors: number;
}

export function totals(functions: readonly FunctionSummary[]): Totals {
  const sum = (of: (one: FunctionSummary) => number) => functions.reduce((all, one) => all + of(one), 0);
  return {
    functions: functions.length,
    invocations: sum(one => one.invocations),
    coldStarts: sum(one => one.coldStarts),
    errors: sum(one => one.errors),
  };
}
