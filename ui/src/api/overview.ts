/** Every function beside its own time before, and what changed: what the overview loads. */

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import * as z from "zod/mini";

import { after, DAY, now } from "../base/time.ts";
import { CHANGE_KINDS, CHANGE_UNITS, type Change, type Changes } from "../model/changes.ts";
import type { FunctionBefore, ListedFunction, TopFinding, TrendPoint } from "../model/overview.ts";
import { bounds, type Range, rangeSearch } from "../model/range.ts";
import type { Between } from "./client.ts";
import { get } from "./request.ts";
import { count, dollarsText, fault, functionSummary, gain, nanosText, timeText, type Wire } from "./schemas.ts";

/** A range that ends now is asked again this often. */
const REFRESH_MS = 10_000;
/** What is new or other than a day before does not change from one moment to the next. */
const CHANGES_MS = 30_000;

const text = z.string();

const trendPoint = z.object({
  start: timeText,
  invocations: count,
  errors: count,
  cold_starts: count,
  p95: nanosText,
}) satisfies Wire<"TrendPoint", TrendPoint>;

const functionBefore = z.pipe(
  z.object({
    invocations: count,
    cold_starts: count,
    errors: count,
    p50: nanosText,
    p95: nanosText,
    cost: z.nullable(dollarsText),
  }),
  z.transform(({ cold_starts, ...wire }): FunctionBefore => ({ ...wire, coldStarts: cold_starts })),
) satisfies Wire<"FunctionBefore", FunctionBefore>;

const topFinding = z.object({ kind: fault.kind, title: text, gain }) satisfies Wire<"TopFinding", TopFinding>;

const listed = z.pipe(
  z.object({
    trend: z.array(trendPoint),
    previous: z.nullable(functionBefore),
    top_finding: z.nullable(topFinding),
  }),
  z.transform(({ trend, previous, top_finding }) => ({ trend, before: previous, topFinding: top_finding })),
);

const listedFunction = z.intersection(functionSummary, listed) satisfies Wire<"ListedFunction", ListedFunction>;

const overview = z.object({ functions: z.array(listedFunction), step: nanosText });

/** The functions, and the range that their trends show. */
export interface Overview extends Between, z.output<typeof overview> {}

export function overviewQuery(range: Range) {
  return queryOptions({
    queryKey: ["overview", rangeSearch(range)],
    queryFn: async ({ signal }): Promise<Overview> => {
      const asked = bounds(range, now());
      return { ...asked, ...(await get("functions", { ...asked }, overview, signal)) };
    },
    refetchInterval: range.kind === "last" ? REFRESH_MS : false,
    placeholderData: keepPreviousData,
  });
}

const change = z.pipe(
  z.object({
    kind: z.enum(CHANGE_KINDS),
    function: text,
    about: text,
    is_worse: z.boolean(),
    unit: z.enum(CHANGE_UNITS),
    before: z.nullable(z.number()),
    after: z.nullable(z.number()),
    at: z.nullable(timeText),
    question: text,
  }),
  z.transform(({ is_worse, ...wire }): Change => ({ ...wire, isWorse: is_worse })),
) satisfies Wire<"Change", Change>;

const changeList = z.pipe(
  z.object({ changes: z.array(change), before_from: timeText, from: timeText, to: timeText }),
  z.transform(({ changes, from, to }): Changes => ({ changes, from, to })),
) satisfies Wire<"ChangeList", Changes>;

/** @param ofDay whether the day up to the range's end is compared with the day before, or the range with as long a time. */
export function changesQuery(range: Range, ofDay: boolean) {
  // Whatever is shown up to now, its day is the same.
  const asked = ofDay && range.kind === "last" ? "day" : rangeSearch(range);
  return queryOptions({
    queryKey: ["changes", asked, ofDay],
    queryFn: ({ signal }) => {
      const { from, to } = bounds(range, now());
      return get("changes", { from: ofDay ? after(to, -DAY) : from, to }, changeList, signal);
    },
    staleTime: CHANGES_MS,
    refetchInterval: range.kind === "last" ? CHANGES_MS : false,
  });
}
