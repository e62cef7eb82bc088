/** A paged list as a page shows it: what was read so far, and the ways to read more or again. */

import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";

import { now, type Time } from "../base/time.ts";
import { bounds, type Range, rangeSearch } from "../model/range.ts";
import type { Page } from "./request.ts";

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
  // All pages lie in the range as it was when the first one was asked for.
  const within = () => bounds(range, now());
  return usePages({
    key: [...key, rangeSearch(range)],
    within,
    read: (at, cursor, signal) => read({ ...at, cursor }, signal),
  });
}

/** What is listed from its newest to its oldest, whatever the time. */
export interface WholeQuery<Item> {
  readonly key: readonly unknown[];
  readonly read: (cursor: string | null, signal: AbortSignal) => Promise<Page<Item>>;
  /** Asked again so often, in milliseconds. */
  readonly every: number;
}

export function useWholeListing<Item>({ key, read, every }: WholeQuery<Item>): Listing<Item> {
  return usePages({ key, within: () => null, read: (_, cursor, signal) => read(cursor, signal), every });
}

interface Pages<Item, Within> {
  readonly key: readonly unknown[];
  /** What stays the same for all pages. */
  readonly within: () => Within;
  readonly read: (within: Within, cursor: string | null, signal: AbortSignal) => Promise<Page<Item>>;
  readonly every?: number;
}

interface At<Within> {
  readonly within: Within;
  readonly cursor: string | null;
}

function usePages<Item, Within>({ key, within, read, every }: Pages<Item, Within>): Listing<Item> {
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: async ({ pageParam, signal }) => {
      const at = pageParam ?? { within: within(), cursor: null };
      return { at, page: await read(at.within, at.cursor, signal) };
    },
    initialPageParam: null as At<Within> | null,
    getNextPageParam: ({ at, page }) => (page.next === null ? null : { ...at, cursor: page.next }),
    placeholderData: keepPreviousData,
    refetchInterval: every ?? false,
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
