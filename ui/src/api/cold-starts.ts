/** Cold starts of a range: what their page and a function's page load. */

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import * as z from "zod/mini";

import { now } from "../base/time.ts";
import type { ColdPart, ColdPhase, ColdPoint, ColdStarts } from "../model/cold-starts.ts";
import { bounds, type Range, rangeSearch } from "../model/range.ts";
import type { Between } from "./client.ts";
import { get } from "./request.ts";
import { count, nanosText, timeText, type Wire } from "./schemas.ts";

/** Told from all invocations of the range: not asked for as often as a list. */
const REFRESH_MS = 30_000;

const text = z.string();

const point = z.pipe(
  z.object({
    start: timeText,
    invocations: count,
    cold_starts: count,
    init_p50: z.nullable(nanosText),
    init_p95: z.nullable(nanosText),
  }),
  z.transform(
    (wire): ColdPoint => ({
      start: wire.start,
      invocations: wire.invocations,
      coldStarts: wire.cold_starts,
      initP50: wire.init_p50,
      initP95: wire.init_p95,
    }),
  ),
) satisfies Wire<"ColdStartPoint", ColdPoint>;

const phase = z.object({ phase: text, seen: count, p50: nanosText, p95: nanosText }) satisfies Wire<
  "ColdStartPhase",
  ColdPhase
>;

const part = z.pipe(
  z.object({
    function: text,
    version: z.nullable(text),
    runtime: z.nullable(text),
    architecture: z.nullable(text),
    memory_bytes: z.nullable(count),
    invocations: count,
    cold_starts: count,
    init_p50: z.nullable(nanosText),
    init_p95: z.nullable(nanosText),
  }),
  z.transform(
    (wire): ColdPart => ({
      function: wire.function,
      version: wire.version ?? "",
      runtime: wire.runtime ?? "",
      architecture: wire.architecture ?? "",
      memoryBytes: wire.memory_bytes === null ? null : BigInt(wire.memory_bytes),
      invocations: wire.invocations,
      coldStarts: wire.cold_starts,
      initP50: wire.init_p50,
      initP95: wire.init_p95,
    }),
  ),
) satisfies Wire<"ColdStartPart", ColdPart>;

const coldStarts = z.object({
  step: nanosText,
  points: z.array(point),
  phases: z.array(phase),
  parts: z.array(part),
}) satisfies Wire<"ColdStarts", ColdStarts>;

/** Cold starts, and the range that is shown of them. */
export interface ColdStartsInRange extends Between {
  readonly of: ColdStarts;
}

/** @param name of one function; null for all of them. */
export function coldStartsQuery(name: string | null, range: Range) {
  return queryOptions({
    queryKey: ["cold-starts", name, rangeSearch(range)],
    queryFn: async ({ signal }): Promise<ColdStartsInRange> => {
      const asked = bounds(range, now());
      return { ...asked, of: await get("cold-starts", { ...asked, function: name }, coldStarts, signal) };
    },
    refetchInterval: range.kind === "last" ? REFRESH_MS : false,
    placeholderData: keepPreviousData,
  });
}
