/** What some invocations have more often than the rest. */

import type { Nanos, Time } from "../base/time.ts";
import type { FunctionDetail } from "./function-detail.ts";

export interface Comparison {
  readonly selected: Cohort;
  readonly rest: Cohort;
  /** Of the selected; what the slowest share came to. */
  readonly minDuration: Nanos | null;
  /** The most telling first. */
  readonly items: readonly ComparedItem[];
  /** Why there may be nothing to say. */
  readonly warnings: readonly string[];
}

export interface Cohort {
  readonly invocations: number;
  readonly p50: Nanos | null;
  readonly p95: Nanos | null;
}

export interface ItemName {
  readonly key: string;
  /** Null for those without the key. */
  readonly value: string | null;
}

export interface ComparedItem extends ItemName {
  /** From 0 to 1. */
  readonly shareSelected: number;
  readonly shareRest: number;
  /** The one share by the other; null where none of the rest has it. */
  readonly lift: number | null;
  /** Of what the selected take longer, the share that is due to those with it; null where that can't be said. */
  readonly explains: number | null;
  /** What nearly the same invocations have. */
  readonly also: readonly ItemName[];
}

export const WHY_NAMES = ["slow", "errors", "cold", "version", "stretch"] as const;
/** Which invocations are compared with the rest. */
export type WhyName = (typeof WHY_NAMES)[number];

/** A stretch of time, and of it those that took so long; null for any length. */
export interface Box {
  readonly since: Time;
  readonly until: Time;
  readonly min: Nanos | null;
  readonly max: Nanos | null;
}

export type Selection =
  | { readonly kind: "slow" | "errors" | "cold" }
  | { readonly kind: "version"; readonly version: string }
  | ({ readonly kind: "stretch" } & Box);

/** Which share of the longest is slow. */
export const SLOWEST = 0.05;

/** The version that was seen last to be new; null where there is but one. */
export function newestVersion({ versions }: FunctionDetail): string | null {
  return versions.length < 2 ? null : (versions.at(-1)?.version ?? null);
}

/** What there is to compare: of what none or all are, nothing can be told. */
export function comparable(detail: FunctionDetail): WhyName[] {
  const { invocations, errors, coldStarts } = detail.summary;
  const some = (part: number) => part > 0 && part < invocations;
  const has: Record<Exclude<WhyName, "stretch">, boolean> = {
    slow: invocations > 1,
    errors: some(errors),
    cold: some(coldStarts),
    version: newestVersion(detail) !== null,
  };
  return WHY_NAMES.filter(reason => reason !== "stretch" && has[reason]);
}

/** `cold = true`, `span.plan absent`. */
export function itemText({ key, value }: ItemName): string {
  return value === null ? `${key} absent` : `${key} = ${value}`;
}

/** `90 ×`, `2.4 ×`; null where none of the rest has it. */
export function timesText(lift: number | null): string {
  if (lift === null) return "only these";
  return `${lift >= 9.95 ? lift.toFixed(0) : lift.toFixed(1)}\u00a0×`;
}
