/** What a trace is compared with: another one, a typical one of its function, and the rest of its function. */

import { queryOptions } from "@tanstack/react-query";

import { after, MINUTE } from "../base/time.ts";
import { typicalOf } from "../model/compare-traces.ts";
import type { PathComparison } from "../model/flame.ts";
import type { Invocation } from "../model/invocation.ts";
import { getInvocation, getTrace } from "./client.ts";
import { isTraceId } from "./queries.ts";
import { get } from "./request.ts";
import { invocationList, pathComparison } from "./schemas.ts";

/** What ran within so long before and after is like it. */
const AROUND = 30n * MINUTE;
/** As many as one answer may have. */
const COHORT = 1_000;
const SETTLED_MS = 60_000;

/** The trace of an id, which may be one of an invocation. */
export function otherTraceQuery(id: string) {
  return queryOptions({
    queryKey: ["other-trace", id],
    queryFn: async ({ signal }) => {
      if (isTraceId(id)) return getTrace(id.toLowerCase(), null, signal);
      const detail = await getInvocation(id, signal);
      return detail.trace;
    },
    staleTime: SETTLED_MS,
    structuralSharing: false,
  });
}

/** Of what the function did around that time, an ordinary one. */
export interface Typical {
  /** Null where nothing else ended well. */
  readonly invocation: Invocation | null;
  readonly looked: number;
}

export function typicalQuery(of: Invocation) {
  return queryOptions({
    queryKey: ["typical", of.requestId],
    queryFn: async ({ signal }): Promise<Typical> => {
      const asked = {
        function: of.function,
        from: after(of.start, -AROUND),
        to: after(of.start, AROUND),
        outcome: "ok",
        limit: COHORT,
      };
      const { invocations } = await get("invocations", asked, invocationList, signal);
      const others = invocations.filter(one => one.requestId !== of.requestId);
      return { invocation: typicalOf(others), looked: others.length };
    },
    staleTime: SETTLED_MS,
  });
}

/** Where the time of this one went beside that of the rest: the selected are those that took exactly as long. */
export function cohortQuery(of: Invocation) {
  const { function: name, start, duration } = of;
  return queryOptions({
    queryKey: ["cohort", of.requestId],
    queryFn: ({ signal }): Promise<PathComparison> =>
      get(
        "compare/paths",
        {
          function: name,
          from: after(start, -AROUND),
          to: after(start, AROUND),
          min_duration: duration,
          max_duration: duration,
        },
        pathComparison,
        signal,
      ),
    staleTime: SETTLED_MS,
  });
}
