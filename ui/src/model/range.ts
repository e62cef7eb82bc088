/** The range of time that a list shows: the last so-and-so long, or between two moments. */

import { after, DAY, HOUR, MINUTE, type Time, time } from "../base/time.ts";

export const LENGTHS = {
  "15m": { label: "15 minutes", length: 15n * MINUTE },
  "1h": { label: "hour", length: HOUR },
  "6h": { label: "6 hours", length: 6n * HOUR },
  "24h": { label: "24 hours", length: DAY },
  "7d": { label: "7 days", length: 7n * DAY },
  "14d": { label: "14 days", length: 14n * DAY },
} as const;

export type LengthName = keyof typeof LENGTHS;

export type Range =
  | { readonly kind: "last"; readonly length: LengthName }
  | { readonly kind: "between"; readonly from: Time; readonly to: Time };

/** What the URL holds of it. */
export interface RangeSearch {
  readonly range?: LengthName;
  /** Unix nanoseconds. */
  readonly from?: string;
  readonly to?: string;
}

export const DEFAULT_LENGTH: LengthName = "1h";

export function isLengthName(text: unknown): text is LengthName {
  return typeof text === "string" && Object.hasOwn(LENGTHS, text);
}

/** The range's part of a URL; what makes no sense is left out. */
export function parseRangeSearch(raw: Record<string, unknown>): RangeSearch {
  const { from, to, range } = raw;
  if (isMoment(from) && isMoment(to) && BigInt(from) < BigInt(to)) return { from, to };
  return isLengthName(range) && range !== DEFAULT_LENGTH ? { range } : {};
}

export function rangeOf(search: RangeSearch): Range {
  if (search.from !== undefined && search.to !== undefined) {
    return { kind: "between", from: time(BigInt(search.from)), to: time(BigInt(search.to)) };
  }
  return { kind: "last", length: search.range ?? DEFAULT_LENGTH };
}

export function rangeSearch(range: Range): RangeSearch {
  if (range.kind === "between") return { from: String(range.from), to: String(range.to) };
  return range.length === DEFAULT_LENGTH ? {} : { range: range.length };
}

/** Its two ends as of now. */
export function bounds(range: Range, now: Time): { from: Time; to: Time } {
  if (range.kind === "between") return { from: range.from, to: range.to };
  return { from: after(now, -LENGTHS[range.length].length), to: now };
}

/** What the last so-and-so long is called in a sentence. */
export function rangeText(range: Range): string {
  return range.kind === "last" ? `the last ${LENGTHS[range.length].label}` : "this range of time";
}

/** What as long a time just before it is called. */
export function beforeText(range: Range): string {
  return range.kind === "last" ? `the ${LENGTHS[range.length].label} before` : "as long a time before";
}

function isMoment(text: unknown): text is string {
  return typeof text === "string" && /^[0-9]{1,19}$/.test(text);
}
