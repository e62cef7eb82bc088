/** Which spans belong to a request: SDKs write its id on the first span only, the rest hangs below. */

import type { Trace } from "./trace.ts";

/** The request that each span is work of; null where nothing above it tells. */
export function requestsOf(trace: Trace): readonly (string | null)[] {
  const requests: (string | null)[] = [];
  for (const { kind, parent, requestId } of trace.spans) {
    const above = parent === null ? null : (requests[parent] ?? null);
    // A call may name the request that it causes; it is work of the one that it was made in.
    const calls = kind === "client" || kind === "producer";
    requests.push(calls ? (above ?? requestId) : (requestId ?? above));
  }
  return requests;
}

/** Whether each span is of a request or of what that called, however deep. */
export function within(trace: Trace, requestId: string): readonly boolean[] {
  const requests = requestsOf(trace);
  const inside: boolean[] = [];
  trace.spans.forEach(({ parent }, index) => {
    inside.push(requests[index] === requestId || (parent !== null && inside[parent] === true));
  });
  return inside;
}
