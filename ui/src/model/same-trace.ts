/** Whether a trace that was read again is the one that was there: then nothing is laid out anew. */

import type { InvocationDetail, Span, Trace } from "./trace.ts";

/** The known one, where the new one tells the same. */
export function keepTrace(known: Trace | undefined, next: Trace): Trace {
  return known !== undefined && isSame(known, next) ? known : next;
}

export function keepDetail(known: InvocationDetail | undefined, next: InvocationDetail): InvocationDetail {
  return { ...next, trace: keepTrace(known?.trace, next.trace) };
}

function isSame(one: Trace, other: Trace): boolean {
  return (
    one.start === other.start &&
    one.end === other.end &&
    one.spansTotal === other.spansTotal &&
    one.spans.length === other.spans.length &&
    one.criticalPath.length === other.criticalPath.length &&
    one.findings.length === other.findings.length &&
    one.invocations.length === other.invocations.length &&
    one.invocations.every((invocation, place) => {
      const beside = other.invocations[place];
      return beside?.outcome === invocation.outcome && beside.facts.length === invocation.facts.length;
    }) &&
    one.spans.every((span, index) => isSameSpan(span, other.spans[index]))
  );
}

/** What a span has does not change once it ended; what is told of it here may. */
function isSameSpan(one: Span, other: Span | undefined): boolean {
  return (
    one.spanId === other?.spanId &&
    one.parent === other.parent &&
    one.start === other.start &&
    one.end === other.end &&
    one.status === other.status &&
    one.criticalTime === other.criticalTime &&
    one.marks.length === other.marks.length
  );
}

/** Whether more may come: something runs, or ended so shortly before a moment that its spans may be on their way. */
export function mayGrow(trace: Trace, now: bigint): boolean {
  return isRunning(trace) || now - trace.end < ON_THEIR_WAY;
}

export const isRunning = (trace: Trace): boolean => trace.invocations.some(({ outcome }) => outcome === "running");

const ON_THEIR_WAY = 30_000_000_000n;
