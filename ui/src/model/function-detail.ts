/** One function in a range of time: by its versions, its sizes of memory, its kinds of start, and step by step. */

import { type Dollars, dollars } from "../base/money.ts";
import { between, DAY, type Nanos, type Time } from "../base/time.ts";
import type { FunctionSummary } from "./function.ts";
import type { Cold } from "./invocation.ts";

export interface FunctionDetail {
  readonly summary: FunctionSummary;
  readonly region: string;
  readonly p99: Nanos;
  readonly billed: Nanos;
  /** Null where prices are not known. */
  readonly cost: Dollars | null;
  /** The month of the prices. */
  readonly pricesOf: string;
  /** The one first seen first. */
  readonly versions: readonly FunctionPart[];
  readonly memorySizes: readonly FunctionPart[];
  readonly starts: readonly FunctionStart[];
  readonly step: Nanos;
  /** Steps with invocations, the earliest first. */
  readonly points: readonly FunctionPoint[];
}

/** What has a version, or a size of memory and an architecture, in common. */
export interface FunctionPart {
  readonly version: string | null;
  readonly memoryBytes: bigint | null;
  readonly architecture: string;
  readonly invocations: number;
  readonly coldStarts: number;
  readonly errors: number;
  readonly p50: Nanos;
  readonly p95: Nanos;
  readonly p99: Nanos;
  readonly max: Nanos;
  readonly billed: Nanos;
  readonly cost: Dollars | null;
  readonly maxMemoryBytes: bigint | null;
  readonly firstSeen: Time;
  readonly lastSeen: Time;
}

export interface FunctionStart {
  readonly cold: Cold;
  readonly invocations: number;
  readonly initP50: Nanos | null;
  readonly initP95: Nanos | null;
}

export interface FunctionPoint {
  readonly start: Time;
  readonly invocations: number;
  readonly coldStarts: number;
  readonly errors: number;
  readonly p50: Nanos;
  readonly p95: Nanos;
  readonly p99: Nanos;
  readonly max: Nanos;
  readonly billed: Nanos;
  readonly maxMemoryBytes: bigint | null;
  /** How lengths spread; empty where no end is known. */
  readonly durations: readonly Bucket[];
}

/** So many lengths that are at most so long, in nanoseconds. */
export interface Bucket {
  readonly end: number;
  readonly count: number;
}

const MONTH = 30n * DAY;

/** What 30 days like the range cost. */
export function perMonth(cost: Dollars, from: Time, to: Time): Dollars {
  const length = between(from, to);
  return dollars(length <= 0n ? 0n : (cost * MONTH) / length);
}

/** What a part may use of memory: its own size, or that of the function where it has but one. */
export function memoryOf(part: FunctionPart, detail: FunctionDetail): bigint | null {
  const [only, ...others] = detail.memorySizes;
  if (part.memoryBytes !== null) return part.memoryBytes;
  return others.length === 0 ? (only?.memoryBytes ?? null) : null;
}
