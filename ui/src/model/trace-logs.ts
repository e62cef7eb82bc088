/** The lines of a trace in the order of time, each once, and the span that each was written in. */

import type { Layout } from "./layout.ts";
import type { Log, Trace } from "./trace.ts";

/** A line that names both its request and its trace is found by either. */
export function ofTrace(lines: readonly Log[]): Log[] {
  const seen = new Map<string, Log>();
  for (const line of lines) {
    const key = [line.time, line.requestId, line.traceId, line.spanId, line.source, line.body].join("\u0000");
    if (!seen.has(key)) seen.set(key, line);
  }
  return [...seen.values()].sort((left, right) => Number(left.time - right.time));
}

export interface PlacedLine {
  readonly line: Log;
  /** Nanoseconds since the trace's start. */
  readonly at: number;
  /** The span that it names; else of its request the innermost that was open then. Null where there is none. */
  readonly span: number | null;
  /** Whether the line names the span itself. */
  readonly isNamed: boolean;
}

export function placed(trace: Trace, layout: Layout, lines: readonly Log[]): PlacedLine[] {
  const byId = new Map(trace.spans.map((span, index) => [span.spanId, index]));
  const roots = new Map<string, number>();
  trace.spans.forEach(({ requestId, phase }, index) => {
    if (requestId !== null && phase === "invocation") roots.set(requestId, index);
  });
  return lines.map(line => {
    const at = Number(line.time - trace.start);
    const named = line.spanId === null ? undefined : byId.get(line.spanId);
    if (named !== undefined) return { line, at, span: named, isNamed: true };
    const root = line.requestId === null ? undefined : roots.get(line.requestId);
    return { line, at, span: root === undefined ? null : innermost(layout, root, at), isNamed: false };
  });
}

/** Below a span, the deepest that was open at a moment; where several were, the one that began last. */
function innermost({ size, start, end, depth }: Layout, root: number, at: number): number {
  let found = root;
  const until = root + (size[root] as number);
  for (let index = root + 1; index < until; ) {
    const isOpen = (start[index] as number) <= at && at < (end[index] as number);
    if (isOpen && (depth[index] as number) > (depth[found] as number)) found = index;
    index += isOpen ? 1 : (size[index] as number);
  }
  return found;
}
