/** Logged lines: what their page loads, page by page. */

import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import * as z from "zod/mini";

import { now, type Time } from "../base/time.ts";
import { bounds, type Range, rangeSearch } from "../model/range.ts";
import type { Log } from "../model/trace.ts";
import { get } from "./request.ts";
import { log, timeText } from "./schemas.ts";
import type { Source } from "./whole.ts";

const PAGE = 100;

export interface LineFilter {
  readonly function: string;
  readonly severity: string;
  /** The line has this. */
  readonly text: string;
  /** Or each of these. */
  readonly words: string;
  readonly request_id: string;
  readonly trace_id: string;
}

export interface Lines {
  /** Undefined until the first page has come. */
  readonly lines: readonly Log[] | undefined;
  /** What was written after this has been searched; null before anything was. */
  readonly searchedFrom: Time | null;
  /** Why it was not searched further, in the words of the API. */
  readonly warnings: readonly string[];
  readonly error: Error | null;
  readonly readAt: number;
  readonly reading: boolean;
  readonly read: () => void;
  readonly readingMore: boolean;
  /** Null where the whole range has been searched. */
  readonly more: (() => void) | null;
}

const page = z.object({
  logs: z.array(log),
  next_cursor: z.nullable(z.string()),
  searched_from: timeText,
  warnings: z.array(z.string()),
});

interface At {
  readonly from: Time;
  readonly to: Time;
  readonly cursor: string | null;
}

const readPage = (at: At, filter: LineFilter, signal: AbortSignal) =>
  get("logs", { ...at, ...filter, limit: PAGE }, page, signal);

/** The lines as they are listed, page by page. */
export function linesQuery(range: Range, filter: LineFilter): Source<Log> {
  const read = async (at: At, signal: AbortSignal) => {
    const { logs, next_cursor } = await readPage(at, filter, signal);
    return { items: logs, next: next_cursor };
  };
  return { range, read };
}

export function useLines(range: Range, filter: LineFilter): Lines {
  const query = useInfiniteQuery({
    queryKey: ["logs", rangeSearch(range), filter],
    queryFn: async ({ pageParam, signal }) => {
      // All pages lie in the range as it was when the first one was asked for.
      const at: At = pageParam ?? { ...bounds(range, now()), cursor: null };
      return { at, page: await readPage(at, filter, signal) };
    },
    initialPageParam: null as At | null,
    getNextPageParam: ({ at, page }) => (page.next_cursor === null ? null : { ...at, cursor: page.next_cursor }),
    placeholderData: keepPreviousData,
  });
  const last = query.data?.pages.at(-1)?.page;
  return {
    lines: query.data?.pages.flatMap(({ page }) => page.logs),
    searchedFrom: last?.searched_from ?? null,
    warnings: last?.warnings ?? [],
    error: query.error,
    readAt: query.dataUpdatedAt,
    reading: query.isFetching,
    read: () => query.refetch(),
    readingMore: query.isFetchingNextPage,
    more: query.hasNextPage ? () => query.fetchNextPage() : null,
  };
}
