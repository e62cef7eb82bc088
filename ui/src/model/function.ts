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
