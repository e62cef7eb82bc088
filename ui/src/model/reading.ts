/** What was measured, against what, in words. */

import { formatBytes, formatCount, formatDollars, formatNanos, formatPart } from "../base/format.ts";
import { dollars } from "../base/money.ts";

export const UNITS = ["count", "per_minute", "share", "nanos", "bytes", "nano_dollars_per_hour", "times"] as const;
export type Unit = (typeof UNITS)[number];

export type Side = "above" | "below";

export interface Reading {
  /** What is measured, such as `p95 duration over 5 min`. */
  readonly name: string;
  readonly unit: Unit;
  readonly value: number | null;
  /** Which side of the threshold is bad. */
  readonly bad: Side;
  readonly threshold: number;
}

const NBSP = "\u00a0";

/** `1.42 s`, `5.3 %`, `$0.50/h`. */
export function figure(value: number, unit: Unit): string {
  switch (unit) {
    case "count":
      return plain(value);
    case "per_minute":
      return `${plain(value)}/min`;
    case "share":
      return formatPart(value);
    case "nanos":
      return formatNanos(value);
    case "bytes":
      return formatBytes(BigInt(Math.round(value)));
    case "nano_dollars_per_hour":
      // Cents, and no digits after them that say nothing.
      return `${formatDollars(dollars(BigInt(Math.round(value)))).replace(/(\.[0-9]{2,}?)0+$/, "$1")}/h`;
    case "times":
      return `${plain(value)}${NBSP}×`;
  }
}

/** Three digits that matter; all of a whole number. */
function plain(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 99.95) return formatCount(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

export function isBad(value: number, bad: Side, threshold: number): boolean {
  return bad === "above" ? value > threshold : value < threshold;
}
