/** The lines of one trace: those of its requests and those that name it, put together. */

import { queryOptions } from "@tanstack/react-query";
import * as z from "zod/mini";

import { after, MINUTE } from "../base/time.ts";
import type { Log, Trace } from "../model/trace.ts";
import { ofTrace } from "../model/trace-logs.ts";
import { get } from "./request.ts";
import { log } from "./schemas.ts";

/** As many as one answer may have. */
const PAGE = 1_000;
/** A journey may have thousands of requests; of so many the lines are read. */
const MOST_ASKED = 24;
/** Lines are filed by when they were written, by a clock that may be off. */
const ROOM = 5n * MINUTE;

export interface TraceLogs {
  /** The earliest first. */
  readonly lines: readonly Log[];
  /** What is left out, in sentences. */
  readonly missing: readonly string[];
}

const page = z.object({
  logs: z.array(log),
  next_cursor: z.nullable(z.string()),
  warnings: z.array(z.string()),
});

export function traceLogsQuery(trace: Trace) {
  const requests = trace.requestIds.slice(0, MOST_ASKED);
  const traces = trace.traceIds.slice(0, MOST_ASKED);
  return queryOptions({
    queryKey: ["trace-logs", requests, traces, String(trace.start), String(trace.end)],
    queryFn: async ({ signal }): Promise<TraceLogs> => {
      const between = { from: after(trace.start, -ROOM), to: after(trace.end, ROOM), limit: PAGE };
      const asked = [...requests.map(id => ({ request_id: id })), ...traces.map(id => ({ trace_id: id }))];
      const pages = await Promise.all(asked.map(which => get("logs", { ...between, ...which }, page, signal)));
      const isCut = pages.some(one => one.next_cursor !== null);
      return {
        lines: ofTrace(pages.flatMap(one => one.logs)),
        missing: [
          ...(isCut ? [`Of some the last ${PAGE.toLocaleString("en-US")} lines are shown.`] : []),
          ...(requests.length < trace.requestIds.length || traces.length < trace.traceIds.length
            ? [`Shown are the lines of the first ${MOST_ASKED} of ${trace.requestIds.length} requests.`]
            : []),
          ...new Set(pages.flatMap(one => one.warnings)),
        ],
      };
    },
    staleTime: 10_000,
  });
}
