/** Errors of all functions that are alike: what their own pages load. */

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import * as z from "zod/mini";

import { now } from "../base/time.ts";
import type { ErrorInRange, ErrorOrder } from "../model/error-detail.ts";
import type { ErrorGroup } from "../model/errors.ts";
import { bounds, type Range, rangeSearch } from "../model/range.ts";
import type { PagedQuery } from "./listing.ts";
import { get } from "./request.ts";
import { errorGroup, nanosText, timeText, type Wire } from "./schemas.ts";

const PAGE = 100;
/** A range that ends now is asked again this often. */
const REFRESH_MS = 10_000;

const errorPage = z.object({ errors: z.array(errorGroup), total: z.number(), next_cursor: z.nullable(z.string()) });

const errorDetail = z.pipe(
  z.object({ error: errorGroup, start: timeText, step: nanosText }),
  z.transform(({ error, ...wire }): ErrorInRange => ({ ...wire, group: error })),
) satisfies Wire<"ErrorDetail", ErrorInRange>;

/** @param name of one function; empty for all. */
export function errorsQuery(range: Range, name: string, sort: ErrorOrder): PagedQuery<ErrorGroup> {
  return {
    key: ["errors", "all", name, sort],
    range,
    read: async (start, signal) => {
      const answer = await get("errors", { ...start, function: name, sort, limit: PAGE }, errorPage, signal);
      return { items: answer.errors, total: answer.total, next: answer.next_cursor };
    },
  };
}

export function errorQuery(group: string, range: Range) {
  return queryOptions({
    queryKey: ["errors", "one", group, rangeSearch(range)],
    queryFn: ({ signal }) =>
      get(`errors/${encodeURIComponent(group)}`, { ...bounds(range, now()) }, errorDetail, signal),
    refetchInterval: range.kind === "last" ? REFRESH_MS : false,
    placeholderData: keepPreviousData,
  });
}
