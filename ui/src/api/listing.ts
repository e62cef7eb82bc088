/** A paged list as a page shows it: what was read so far, and the ways to read more or again. */

import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";

import { now, type Time } from "../base/time.ts";
import { bounds, type Range, rangeSearch } from "../model/range.ts";
import type { Page } from "./client.ts";

/** What is listed, and how one page of it is read. */
export interface PagedQuery<Item> {
  readonly key: readonly unknown[];
  readonly range: Range;
  readonly read: (start: PageStart, signal: AbortSignal) => Promise<Page<Item>>;
}

interface PageStart {
  readonly from: Time;
  readonly to: Time;
  readonly cursor: string | null;
}

export interface Listing<Item> {
  /** Undefined until the first page has come. */
  readonly items: readonly Item[] | undefined;
  readonly total: number;
  readonly error: Error | null;
  readonly readAt: number;
  readonly reading: boolean;
  readonly read: () => void;
  readonly readingMore: boolean;
  /** Null where everything was read. */
  readonly more: (() => void) | null;
}

export function useListing<Item>({ key, range, read }: PagedQuery<Item>): Listing<Item> {
  const query = useInfiniteQuery({
    queryKey: [...key, rangeSearch(range)],
    queryFn: async ({ pageParam, signal }) => {
      // All pages lie in the range as it was when the first one was asked for.
      const start = pageParam ?? { ...bounds(range, now()), cursor: null };
      return { start, page: await read(start, signal) };
    },
    initialPageParam: null as PageStart | null,
    getNextPageParam: ({ start, page }) => (page.next === null ? null : { ...start, cursor: page.next }),
    placeholderData: keepPreviousData,
  });
  return {
    items: query.data?.pages.flatMap(({ page }) => page.items),
    total: query.data?.pages[0]?.page.total ?? 0,
    error: query.error,
    readAt: query.dataUpdatedAt,
    reading: query.isFetching,
    read: () => query.refetch(),
    readingMore: query.isFetchingNextPage,
    more: query.hasNextPage ? () => query.fetchNextPage() : null,
  };
}
