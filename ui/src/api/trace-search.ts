/** The search for traces, and what may stand in its query. */

import { keepPreviousData, queryOptions, skipToken, useInfiniteQuery } from "@tanstack/react-query";
import * as z from "zod/mini";

import { now, type Time } from "../base/time.ts";
import { type Completion, charactersAt, type Suggestion, stretchOf, type Typed } from "../model/query-text.ts";
import { bounds, type Range, rangeSearch } from "../model/range.ts";
import type { MatchedSpan, Spanset, TraceMatch } from "../model/trace-search.ts";
import { get } from "./request.ts";
import { attributes, count, nanosText, timeText, type Wire } from "./schemas.ts";
import type { Source } from "./whole.ts";

const text = z.string();

const matchedSpan = z.pipe(
  z.object({
    span_id: text,
    service: text,
    name: text,
    start: timeText,
    duration: nanosText,
    status: z.enum(["unset", "ok", "error"]),
    values: attributes,
  }),
  z.transform(({ span_id, ...wire }): MatchedSpan => ({ ...wire, spanId: span_id })),
) satisfies Wire<"MatchedSpan", MatchedSpan>;

const spanset = z.object({ matched: count, values: attributes, spans: z.array(matchedSpan) }) satisfies Wire<
  "Spanset",
  Spanset
>;

const traceMatch = z.pipe(
  z.object({
    trace_id: text,
    start: timeText,
    duration: nanosText,
    root_service: text,
    root_name: text,
    spans: count,
    errors: count,
    spansets: z.array(spanset),
  }),
  z.transform(
    ({ trace_id, root_service, root_name, ...wire }): TraceMatch => ({
      ...wire,
      traceId: trace_id,
      rootService: root_service,
      rootName: root_name,
    }),
  ),
) satisfies Wire<"TraceMatch", TraceMatch>;

/** One answer of a search. */
interface SearchPage {
  readonly matches: readonly TraceMatch[];
  readonly next: string | null;
  /** Traces that were rebuilt and compared with the query. */
  readonly lookedAt: number;
  /** What began at this time or later has been searched. */
  readonly searchedFrom: Time;
  readonly warnings: readonly string[];
}

export const searchResult = z.pipe(
  z.object({
    traces: z.array(traceMatch),
    next_cursor: z.nullable(text),
    looked_at: z.number(),
    searched_from: timeText,
    warnings: z.array(text),
  }),
  z.transform(
    (wire): SearchPage => ({
      matches: wire.traces,
      next: wire.next_cursor,
      lookedAt: wire.looked_at,
      searchedFrom: wire.searched_from,
      warnings: wire.warnings,
    }),
  ),
) satisfies Wire<"SearchResult", SearchPage>;

const suggestion = z.object({
  text,
  kind: z.enum(["step", "intrinsic", "scope", "attribute", "operator", "constant", "value"]),
  count: z.nullable(count),
}) satisfies Wire<"Suggestion", Suggestion>;

interface SuggestionList {
  readonly from: number;
  readonly to: number;
  readonly suggestions: readonly Suggestion[];
}

const suggestionList = z.object({
  from: z.number(),
  to: z.number(),
  suggestions: z.array(suggestion),
}) satisfies Wire<"SuggestionList", SuggestionList>;

/** As many as a page has of other lists. */
export const PAGE = 100;

/** What was found so far, and how far back the search came. */
export interface FoundTraces {
  readonly from: Time;
  readonly to: Time;
  readonly matches: readonly TraceMatch[];
  readonly lookedAt: number;
  readonly searchedFrom: Time;
  /** It stopped before it had enough or was through. */
  readonly isSpent: boolean;
  readonly warnings: readonly string[];
}

export interface TraceSearch {
  /** Undefined until the first answer has come. */
  readonly found: FoundTraces | undefined;
  /** What is shown was found by another query, and the new answer is on its way. */
  readonly isOld: boolean;
  readonly error: Error | null;
  readonly readAt: number;
  readonly reading: boolean;
  readonly read: () => void;
  readonly readingMore: boolean;
  /** Asked twice, it goes on once. Null where the whole range has been searched. */
  readonly more: (() => void) | null;
}

interface PageStart {
  readonly from: Time;
  readonly to: Time;
  readonly cursor: string | null;
}

interface Read {
  readonly start: PageStart;
  readonly page: SearchPage;
}

/** All answers as one. */
function together({ pages }: { readonly pages: readonly Read[] }): FoundTraces | undefined {
  const [first, last] = [pages[0], pages.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  return {
    from: first.start.from,
    to: first.start.to,
    matches: pages.flatMap(({ page }) => page.matches),
    lookedAt: pages.reduce((all, { page }) => all + page.lookedAt, 0),
    searchedFrom: last.page.searchedFrom,
    isSpent: last.page.next !== null && last.page.matches.length < PAGE,
    warnings: [...new Set(pages.flatMap(({ page }) => page.warnings))],
  };
}

const readPage = (query: string, start: PageStart, signal: AbortSignal) =>
  get("search", { q: query, ...start, limit: PAGE }, searchResult, signal);

/** What matches, page by page. */
export function searchQuery(query: string, range: Range): Source<TraceMatch> {
  const read = async (start: PageStart, signal: AbortSignal) => {
    const { matches, next } = await readPage(query, start, signal);
    return { items: matches, next };
  };
  return { range, read };
}

/** @param query null where nothing is asked. */
export function useTraceSearch(query: string | null, range: Range): TraceSearch {
  const asked = useInfiniteQuery({
    queryKey: ["search", query, rangeSearch(range)],
    queryFn:
      query === null
        ? skipToken
        : async ({ pageParam, signal }): Promise<Read> => {
            // All pages lie in the range as it was when the first one was asked for.
            const start = pageParam ?? { ...bounds(range, now()), cursor: null };
            const page = await readPage(query, start, signal);
            return { start, page };
          },
    initialPageParam: null as PageStart | null,
    getNextPageParam: ({ start, page }) => (page.next === null ? null : { ...start, cursor: page.next }),
    placeholderData: keepPreviousData,
    // An answer may take five seconds: it is not asked for again because somebody came back to the page.
    staleTime: 60_000,
    refetchOnWindowFocus: false,
    select: together,
  });
  return {
    found: query === null ? undefined : asked.data,
    isOld: asked.isPlaceholderData,
    error: asked.error,
    readAt: asked.dataUpdatedAt,
    reading: asked.isFetching,
    read: () => asked.refetch(),
    readingMore: asked.isFetchingNextPage,
    more: asked.hasNextPage && !asked.isPlaceholderData ? () => asked.fetchNextPage({ cancelRefetch: false }) : null,
  };
}

/** What spans of late have is the same a moment later. */
const SUGGESTED_MS = 60_000;

/** @param typed null where nothing is asked. */
export function suggestionsQuery(typed: Typed | null, range: Range) {
  return queryOptions({
    queryKey: ["suggest", typed?.text, typed?.at, rangeSearch(range)],
    queryFn:
      typed === null
        ? skipToken
        : async ({ signal }): Promise<Completion> => {
            const { text, at } = typed;
            const asked = { q: text, at: charactersAt(text, at), ...bounds(range, now()) };
            const list = await get("search/suggest", asked, suggestionList, signal);
            return { typed, replaced: stretchOf(text, list), suggestions: list.suggestions };
          },
    staleTime: SUGGESTED_MS,
    gcTime: SUGGESTED_MS,
  });
}
