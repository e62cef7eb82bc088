import type { Dollars } from "../base/money.ts";
import type { Nanos, Time } from "../base/time.ts";

export const OUTCOMES = ["ok", "error", "timeout", "oom", "crash", "init_error", "lost", "running"] as const;
export type Outcome = (typeof OUTCOMES)[number];

export type Cold = "warm" | "on_demand" | "provisioned" | "snapstart" | "reset";
export type Fact = "started" | "finished" | "reported" | "from_span";

export const ORDERS = ["newest", "slowest", "errors", "cost"] as const;
export type Order = (typeof ORDERS)[number];

/** What is first in each order, in words: of those that are alike in it, the latest. */
export const ORDER_TEXT: Readonly<Record<Order, string>> = {
  newest: "The latest first",
  slowest: "The longest first",
  errors: "Those that failed before the others",
  cost: "The dearest first; those without a known cost last",
};

/** One request that a platform gave to a function. What is not known is null. */
export interface Invocation {
  readonly requestId: string;
  readonly function: string;
  readonly start: Time;
  readonly outcome: Outcome;
  readonly cold: Cold;
  readonly facts: readonly Fact[];
  readonly platform: string;
  readonly sandboxId: string;
  readonly instance: string;
  readonly version: string;
  readonly runtime: string;
  readonly architecture: string;
  readonly region: string;
  readonly account: string;
  readonly memoryBytes: bigint | null;
  readonly deadline: Time | null;
  readonly trigger: string;
  readonly duration: Nanos | null;
  readonly billed: Nanos | null;
  readonly init: Nanos | null;
  readonly restore: Nanos | null;
  readonly responseLatency: Nanos | null;
  readonly responseDuration: Nanos | null;
  readonly runtimeOverhead: Nanos | null;
  readonly extensionOverhead: Nanos | null;
  readonly producedBytes: bigint | null;
  readonly maxMemoryBytes: bigint | null;
  readonly errorType: string;
  readonly platformTraceId: string | null;
  readonly sdkTraceId: string | null;
  /** Its billed time and its request. */
  readonly cost: Dollars | null;
}

export const OUTCOME_TEXT: Readonly<Record<Outcome, string>> = {
  ok: "ok",
  error: "error",
  timeout: "timeout",
  oom: "out of memory",
  crash: "crash",
  init_error: "init failed",
  lost: "lost",
  running: "running",
};

export const COLD_TEXT: Readonly<Record<Cold, string>> = {
  warm: "warm",
  on_demand: "cold",
  provisioned: "provisioned",
  snapstart: "restored",
  reset: "reset",
};

/** Whether the outcome is one that somebody should look at. */
export function isFailure(outcome: Outcome): boolean {
  return outcome !== "ok" && outcome !== "running";
}
