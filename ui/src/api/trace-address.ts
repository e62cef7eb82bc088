import type { Trace } from "../model/trace.ts";

/** Where the API tells a trace; null for one of no id. */
export function tracePath({ traceIds }: Trace, requestId: string | null): string | null {
  if (requestId !== null) return `/api/v1/invocations/${encodeURIComponent(requestId)}`;
  const [traceId] = traceIds;
  return traceId === undefined ? null : `/api/v1/traces/${traceId}`;
}
