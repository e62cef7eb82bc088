/** What costs time that it need not cost. */

import { within } from "./requests.ts";
import type { Finding, Trace } from "./trace.ts";

/** The greatest gain first. Of one request: what it and those that it called show; its own cold start is told elsewhere. */
export function findingsOf(trace: Trace, requestId: string | null): Finding[] {
  const inside = requestId === null ? null : within(trace, requestId);
  const isTold = ({ kind, span }: Finding) => kind === "cold_start" && trace.spans[span]?.requestId === requestId;
  return trace.findings.filter(finding => inside === null || (inside[finding.span] === true && !isTold(finding)));
}
