/** How long what a trace's spans did usually takes: asked once the trace is there. */

import { queryOptions, skipToken } from "@tanstack/react-query";
import * as z from "zod/mini";

import { now } from "../base/time.ts";
import type { Operation, OperationList } from "../model/operations.ts";
import { mayGrow } from "../model/same-trace.ts";
import type { Trace } from "../model/trace.ts";
import { get } from "./request.ts";
import { count, timeText, type Wire } from "./schemas.ts";

/** What is usual does not change while somebody looks. */
const SETTLED_MS = 300_000;
/** What is new in a trace that still grows. */
const AGAIN_MS = 15_000;

const operation = z.pipe(
  z.object({
    service: z.string(),
    name: z.string(),
    kind: z.enum(["unspecified", "internal", "server", "client", "producer", "consumer"]),
    from: timeText,
    to: timeText,
    is_part: z.boolean(),
    count,
    percentiles: z.array(count),
  }),
  z.transform(
    ({ is_part, from, to, ...wire }): Operation => ({ ...wire, isPart: is_part, reach: Number(to - from) / 2 }),
  ),
) satisfies Wire<"Operation", Operation>;

export const operationList = z.object({ operations: z.array(operation), total: z.number() }) satisfies Wire<
  "OperationList",
  OperationList
>;

/** A journey is asked for by any of its traces; one of no trace has nothing to compare. */
export function operationsQuery(trace: Trace) {
  const [traceId] = trace.traceIds;
  return queryOptions({
    queryKey: ["operations", traceId],
    queryFn:
      traceId === undefined
        ? skipToken
        : ({ signal }) => get(`traces/${encodeURIComponent(traceId)}/operations`, {}, operationList, signal),
    staleTime: SETTLED_MS,
    refetchInterval: mayGrow(trace, now()) ? AGAIN_MS : false,
  });
}
