/** What about a function costs time, money or answers that it need not cost. */

import type { Dollars } from "../base/money.ts";
import type { Nanos } from "../base/time.ts";

export interface FunctionFindings {
  /** In the order in which they are told: what ends failures first, then the greatest gain. */
  readonly findings: readonly FunctionFinding[];
  /** How many there were in the range; of these so many were looked at, and of those so many with their traces. */
  readonly invocations: number;
  readonly sampled: number;
  readonly traces: number;
  readonly pricesOf: string;
}

export interface FunctionFinding {
  readonly kind: string;
  readonly title: string;
  readonly text: string;
  readonly about: string;
  /** How many invocations show it; an estimate where a sample was looked at. */
  readonly seen: number;
  /** From 0 to 1. */
  readonly share: number;
  readonly gain: Gain;
  readonly confidence: "low" | "medium" | "high";
  readonly evidence: readonly Evidence[];
  /** Request ids, the worst first. */
  readonly examples: readonly string[];
  /** The path in the API that lists what it is about. */
  readonly question: string;
}

/** By how much invocations would be shorter, fewer would fail, and less would be paid. */
export interface Gain {
  readonly mean: Nanos;
  readonly p50: Nanos;
  readonly p95: Nanos;
  readonly p99: Nanos;
  /** A share of all invocations, from 0 to 1. */
  readonly failures: number;
  /** Negative where it would cost more. */
  readonly monthly: Dollars | null;
}

/** A number behind a finding, for people. */
export interface Evidence {
  readonly name: string;
  readonly text: string;
}

export interface TimeGain {
  readonly length: Nanos;
  readonly of: "p95" | "p99" | "p50" | "mean";
}

/** The gain of time that says most: that of p95, unless only another one is gained. Null where none is. */
export function timeGain(gain: Gain): TimeGain | null {
  const order = ["p95", "p99", "p50", "mean"] as const;
  const of = order.find(name => gain[name] > 0n);
  return of === undefined ? null : { length: gain[of], of };
}

/** Of which failures are so many: the number of invocations that would not fail. */
export function failuresAvoided({ failures }: Gain, invocations: number): number {
  return Math.round(failures * invocations);
}
