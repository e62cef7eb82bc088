/** What a page asks of the API, told without asking: by the same definitions that ask it. */

import { queryOptions, useQuery } from "@tanstack/react-query";
import * as z from "zod/mini";

import type { ShownQuery } from "../model/shown-query.ts";
import { type Call, get, tellingSignal } from "./request.ts";
import { count, nanosText, type Wire } from "./schemas.ts";
import { reader, type Source } from "./whole.ts";

/** A query's options, or what is listed page by page. */
export type Question = { readonly queryFn?: unknown } | Source<unknown>;

/** The calls by which it is answered, as of now; of a list the one for its first page. Empty where nothing is asked. */
export function callsOf(question: Question): readonly Call[] {
  const calls: Call[] = [];
  ask(
    question,
    tellingSignal(call => calls.push(call)),
  );
  return calls;
}

function ask(question: Question, signal: AbortSignal): void {
  if ("read" in question) void reader(question)(null, signal);
  else if (typeof question.queryFn === "function") void question.queryFn({ signal });
}

const shownQuery = z.object({ sql: z.string(), took: nanosText, rows: count, bytes: count }) satisfies Wire<
  "ShownQuery",
  ShownQuery
>;

export const queryList = z.object({ queries: z.array(shownQuery) }) satisfies Wire<
  "QueryList",
  { readonly queries: readonly ShownQuery[] }
>;

/** The queries by which the store answers a call: it is made once more for that. */
function shownQueriesQuery({ path, parameters }: Call) {
  const asked = { ...Object.fromEntries(parameters), show: "queries" };
  return queryOptions({
    queryKey: ["shown queries", path, parameters],
    queryFn: async ({ signal }) => (await get(path, asked, queryList, signal)).queries,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export const useShownQueries = (call: Call) => useQuery(shownQueriesQuery(call));
