/** What a search for traces found: spans that belong together, of the traces that they stand in. */

import { formatCount, formatNanos } from "../base/format.ts";
import { type Nanos, nanos, type Time } from "../base/time.ts";
import { type AnyValue, type Attribute, valueText } from "./attribute.ts";
import { withStep } from "./query-text.ts";
import type { SpanStatus } from "./trace.ts";

export interface MatchedSpan {
  readonly spanId: string;
  readonly service: string;
  readonly name: string;
  readonly start: Time;
  readonly duration: Nanos;
  readonly status: SpanStatus;
  /** What `select()` asked for and the span has. */
  readonly values: readonly Attribute[];
}

export interface Spanset {
  /** How many spans belong to it. */
  readonly matched: number;
  /** By what it was split, and what was computed of it. */
  readonly values: readonly Attribute[];
  /** The first of them. */
  readonly spans: readonly MatchedSpan[];
}

export interface TraceMatch {
  readonly traceId: string;
  readonly start: Time;
  readonly duration: Nanos;
  readonly rootService: string;
  readonly rootName: string;
  readonly spans: number;
  readonly errors: number;
  readonly spansets: readonly Spanset[];
}

/** A line of the list: one spanset of one trace. */
export interface MatchRow {
  readonly key: string;
  readonly match: TraceMatch;
  readonly spanset: Spanset;
}

/** The lengths that a chart shows, and that an answer is narrowed by: of traces, or of the spans that matched. */
export type LengthsOf = "traces" | "spans";

/** Lengths from the shortest to the longest; null where there is no bound. */
export interface Lengths {
  readonly of: LengthsOf;
  readonly least: Nanos | null;
  readonly most: Nanos | null;
}

export function rowsOf(matches: readonly TraceMatch[]): MatchRow[] {
  return matches.flatMap(match =>
    match.spansets.map((spanset, at) => ({ key: `${match.traceId} ${at}`, match, spanset })),
  );
}

/** A column that the query itself asked for. */
export interface AskedColumn {
  /** As the query has it: `max(duration)`, `.user.id`. */
  readonly key: string;
  readonly of: "spanset" | "span";
}

/** By what was split, what was computed, what was selected: each once, in the order in which it was told. */
export function askedColumns(rows: readonly MatchRow[]): AskedColumn[] {
  const ofSpansets = new Set<string>();
  const ofSpans = new Set<string>();
  for (const { spanset } of rows) {
    for (const { key } of spanset.values) ofSpansets.add(key);
    for (const span of spanset.spans) for (const { key } of span.values) ofSpans.add(key);
  }
  return [
    ...[...ofSpansets].map((key): AskedColumn => ({ key, of: "spanset" })),
    ...[...ofSpans].map((key): AskedColumn => ({ key, of: "span" })),
  ];
}

/** What stands in such a column: of the spans each value once. */
export function askedTexts({ spanset }: MatchRow, { key, of }: AskedColumn): string[] {
  const from = of === "spanset" ? [spanset.values] : spanset.spans.map(span => span.values);
  const values = from.flatMap(attributes => attributes.filter(one => one.key === key));
  return [...new Set(values.map(one => shownValue(key, one.value)))];
}

const LENGTH = /^(?:\w+\()?(?:span:|trace:|trace)?(?:duration|Duration)\)?$|timeSinceStart\)?$/;

/** Whether what a query calls so is a length of time. */
export const isLength = (key: string): boolean => LENGTH.test(key);

/** As people read it: lengths come as nanoseconds. */
export function shownValue(key: string, value: AnyValue): string {
  const number = numberOf(value);
  if (number !== null && isLength(key)) return formatNanos(number);
  switch (value.kind) {
    case "empty":
      return "none";
    case "int":
      return formatCount(value.value);
    case "double":
      return value.value.toLocaleString("en-US", { maximumSignificantDigits: 4 });
    default:
      return valueText(value);
  }
}

/** Equal for equal values, and for no others. */
export const valueKey = (value: AnyValue): string => `${value.kind} ${valueText(value)}`;

export function numberOf(value: AnyValue): number | null {
  return value.kind === "int" || value.kind === "double" ? Number(value.value) : null;
}

const BY = /^by\((.*)\)$/s;

/** What spansets were split by, as the query has it; null for what was computed of them. */
export const splitBy = (key: string): string | null => BY.exec(key)?.[1] ?? null;

/** A query that finds of what another found only spans and traces of such lengths. */
export function withLengths(query: string, { of, least, most }: Lengths): string {
  const field = of === "spans" ? "duration" : "traceDuration";
  const bounds = [
    ...(least === null ? [] : [`${field} >= ${writtenLength(least)}`]),
    ...(most === null ? [] : [`${field} <= ${writtenLength(most)}`]),
  ];
  return bounds.length === 0 ? query : withStep(query, `{ ${bounds.join(" && ")} }`);
}

const UNITS = [
  ["h", 3_600_000_000_000n],
  ["m", 60_000_000_000n],
  ["s", 1_000_000_000n],
  ["ms", 1_000_000n],
  ["us", 1_000n],
] as const;

/** As a query has it, exact: `250ms`. */
export function writtenLength(length: bigint): string {
  const unit = UNITS.find(([, size]) => length !== 0n && length % size === 0n);
  return unit === undefined ? `${length}ns` : `${length / unit[1]}${unit[0]}`;
}

/** Three digits that matter, so that what is dragged is a length that somebody would write. */
export function roundedLength(length: number, up: boolean): Nanos {
  if (length <= 0) return nanos(0n);
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(length)) - 2);
  return nanos(BigInt(Math.round((up ? Math.ceil : Math.floor)(length / unit) * unit)));
}
