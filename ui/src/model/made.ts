/** Traces for tests: a line a span, in display order, times in nanoseconds. */

import { nanos, time } from "../base/time.ts";
import type { Span, Trace } from "./trace.ts";

export interface MadeSpan extends Partial<Omit<Span, "start" | "end" | "parent">> {
  readonly parent?: number;
  readonly start: number;
  readonly end: number;
  /** Its sections of the critical path. */
  readonly critical?: readonly (readonly [number, number])[];
}

export function madeTrace(made: readonly MadeSpan[]): Trace {
  const depths: number[] = [];
  const spans = made.map(({ critical: _, parent, start, end, ...rest }, index): Span => {
    const depth = parent === undefined ? 0 : (depths[parent] ?? 0) + 1;
    depths.push(depth);
    return {
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: index.toString(16).padStart(16, "0"),
      parentSpanId: null,
      parent: parent ?? null,
      depth,
      name: `span ${index}`,
      service: "shop",
      kind: "internal",
      start: time(BigInt(start)),
      end: time(BigInt(end)),
      status: "unset",
      statusMessage: "",
      phase: "",
      requestId: null,
      sandboxId: null,
      selfTime: nanos(0n),
      criticalTime: nanos(0n),
      marks: [],
      attributes: [],
      events: [],
      links: [],
      resource: 0,
      scope: 0,
      traceState: "",
      flags: 0,
      droppedAttributes: 0,
      droppedEvents: 0,
      droppedLinks: 0,
      ...rest,
    };
  });
  const criticalPath = made.flatMap(({ critical = [] }, span) =>
    critical.map(([start, end]) => ({ span, start: time(BigInt(start)), end: time(BigInt(end)) })),
  );
  return {
    traceIds: [],
    requestIds: [],
    start: time(BigInt(made.reduce((least, span) => Math.min(least, span.start), Number.MAX_SAFE_INTEGER))),
    end: time(BigInt(made.reduce((most, span) => Math.max(most, span.end), 0))),
    spans,
    spansTotal: spans.length,
    invocations: [],
    hops: [],
    resources: [],
    scopes: [],
    criticalPath: criticalPath.sort((left, right) => Number(left.start - right.start)),
    findings: [],
    folds: [],
    warnings: [],
  };
}
