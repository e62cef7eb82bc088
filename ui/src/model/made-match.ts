/** What a search found, for tests: times in nanoseconds. */

import { nanos, time } from "../base/time.ts";
import type { AnyValue, Attribute } from "./attribute.ts";
import type { MatchedSpan, Spanset, TraceMatch } from "./trace-search.ts";

export const text = (value: string): AnyValue => ({ kind: "string", value });
export const int = (value: bigint): AnyValue => ({ kind: "int", value });
export const attribute = (key: string, value: AnyValue): Attribute => ({ key, value });

export function madeSpan(spanId: string, changes: Partial<MatchedSpan> = {}): MatchedSpan {
  return {
    spanId,
    service: "shop",
    name: "work",
    start: time(0n),
    duration: nanos(1_000_000n),
    status: "unset",
    values: [],
    ...changes,
  };
}

export function madeSpanset(values: readonly Attribute[], spans: readonly MatchedSpan[]): Spanset {
  return { matched: spans.length, values, spans };
}

export function madeMatch(traceId: string, changes: Partial<TraceMatch> = {}): TraceMatch {
  return {
    traceId,
    start: time(0n),
    duration: nanos(1_000_000n),
    rootService: "shop",
    rootName: "order",
    spans: 3,
    errors: 0,
    spansets: [madeSpanset([], [madeSpan("a")])],
    ...changes,
  };
}
