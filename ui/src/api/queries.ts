/** The API's calls as queries: what identifies each, when it is asked again. */

import { keepPreviousData, queryOptions, skipToken } from "@tanstack/react-query";

import { now } from "../base/time.ts";
import type { Selection } from "../model/comparison.ts";
import type { FunctionDetail } from "../model/function-detail.ts";
import type { FunctionPath } from "../model/function-path.ts";
import type { Invocation } from "../model/invocation.ts";
import { bounds, type Range, rangeSearch } from "../model/range.ts";
import { keepDetail, keepTrace, mayGrow } from "../model/same-trace.ts";
import type { FunctionSandboxes } from "../model/sandboxes.ts";
import type { InvocationDetail, Trace, TraceSummary } from "../model/trace.ts";
import {
  type Between,
  compare,
  comparePaths,
  getFunction,
  getFunctionFindings,
  getFunctionPath,
  getFunctionSandboxes,
  getInvocation,
  getTrace,
  type InvocationQuery,
  listFindings,
  listFunctionErrors,
  listFunctions,
  listInvocations,
  listTraces,
  type TraceQuery,
} from "./client.ts";
import type { PagedQuery } from "./listing.ts";
import { ApiError } from "./request.ts";

/** A range that ends now is asked again this often. */
const REFRESH_MS = 10_000;
/** Findings are told from hundreds of traces: they are not asked for again before they may have changed. */
const FINDINGS_MS = 60_000;
/** What is still running, and what may not have arrived yet. */
const SOON_MS = 2_000;
const LATER_MS = 20_000;
/** So many spans take as long to read as to wait for. */
const LONG = 10_000;

type Unpaged<Query> = Omit<Query, "from" | "to" | "cursor">;

export function functionsQuery(range: Range) {
  return queryOptions({
    queryKey: ["functions", rangeSearch(range)],
    queryFn: ({ signal }) => listFunctions(bounds(range, now()), signal),
    refetchInterval: range.kind === "last" ? REFRESH_MS : false,
    placeholderData: keepPreviousData,
  });
}

/** A function, and the range that its chart shows. */
export interface FunctionInRange extends Between {
  readonly detail: FunctionDetail;
}

export function functionQuery(name: string, range: Range) {
  return queryOptions({
    queryKey: ["function", name, rangeSearch(range)],
    queryFn: async ({ signal }): Promise<FunctionInRange> => {
      const asked = bounds(range, now());
      return { ...asked, detail: await getFunction(name, asked, signal) };
    },
    refetchInterval: range.kind === "last" ? REFRESH_MS : false,
    placeholderData: keepPreviousData,
  });
}

export function functionFindingsQuery(name: string, range: Range) {
  return queryOptions({
    queryKey: ["findings", name, rangeSearch(range)],
    queryFn: ({ signal }) => getFunctionFindings(name, bounds(range, now()), signal),
    staleTime: FINDINGS_MS,
    placeholderData: keepPreviousData,
  });
}

/** Where the time of a function went, and the range that its chart shows. */
export interface PathInRange extends Between {
  readonly of: FunctionPath;
}

export function functionPathQuery(name: string, range: Range) {
  return queryOptions({
    queryKey: ["path", name, rangeSearch(range)],
    queryFn: async ({ signal }): Promise<PathInRange> => {
      const asked = bounds(range, now());
      return { ...asked, of: await getFunctionPath(name, asked, signal) };
    },
    staleTime: FINDINGS_MS,
    refetchInterval: range.kind === "last" ? FINDINGS_MS : false,
  });
}

export function functionErrorsQuery(name: string, range: Range) {
  return queryOptions({
    queryKey: ["errors", name, rangeSearch(range)],
    queryFn: ({ signal }) => listFunctionErrors(name, bounds(range, now()), signal),
    refetchInterval: range.kind === "last" ? REFRESH_MS : false,
    placeholderData: keepPreviousData,
  });
}

/** What ran a function, and the range that is shown of it. */
export interface SandboxesInRange extends Between {
  readonly of: FunctionSandboxes;
}

/** @param isAsked whether somebody wants to see them. */
export function sandboxesQuery(name: string, range: Range, isAsked: boolean) {
  const read = async ({ signal }: { readonly signal: AbortSignal }): Promise<SandboxesInRange> => {
    const asked = bounds(range, now());
    return { ...asked, of: await getFunctionSandboxes(name, asked, signal) };
  };
  return queryOptions({
    queryKey: ["sandboxes", name, rangeSearch(range)],
    queryFn: isAsked ? read : skipToken,
    staleTime: FINDINGS_MS,
  });
}

/** @param selection null where nothing is asked. */
export function comparisonQuery(name: string, range: Range, selection: Selection | null) {
  const asked = selection === null ? null : Object.values(selection).map(String);
  return queryOptions({
    queryKey: ["comparison", name, rangeSearch(range), asked],
    queryFn: selection === null ? skipToken : ({ signal }) => compare(name, bounds(range, now()), selection, signal),
    staleTime: FINDINGS_MS,
  });
}

export function pathsQuery(name: string, range: Range, selection: Selection | null) {
  const asked = selection === null ? null : Object.values(selection).map(String);
  return queryOptions({
    queryKey: ["paths", name, rangeSearch(range), asked],
    queryFn:
      selection === null ? skipToken : ({ signal }) => comparePaths(name, bounds(range, now()), selection, signal),
    staleTime: FINDINGS_MS,
  });
}

export function toldFindingsQuery() {
  return queryOptions({
    queryKey: ["findings"],
    queryFn: ({ signal }) => listFindings(signal),
    staleTime: FINDINGS_MS,
    refetchInterval: FINDINGS_MS,
  });
}

export function invocationsQuery(range: Range, query: Unpaged<InvocationQuery>): PagedQuery<Invocation> {
  const read: PagedQuery<Invocation>["read"] = (start, signal) => listInvocations({ ...query, ...start }, signal);
  return { key: ["invocations", query], range, read };
}

export function tracesQuery(range: Range, query: Unpaged<TraceQuery>): PagedQuery<TraceSummary> {
  const read: PagedQuery<TraceSummary>["read"] = (start, signal) => listTraces({ ...query, ...start }, signal);
  return { key: ["traces", query], range, read };
}

export function invocationQuery(requestId: string) {
  return queryOptions({
    queryKey: ["invocation", requestId],
    queryFn: ({ signal }) => getInvocation(requestId, signal),
    structuralSharing: (known, next) => keepDetail(known as InvocationDetail | undefined, next as InvocationDetail),
    refetchInterval: ({ state }) =>
      state.data?.invocation.outcome === "running" ? SOON_MS : againOf(state.data?.trace),
  });
}

/** @param below a span: what stands at and below it alone. */
export function traceQuery(traceId: string, below: string | null = null) {
  return queryOptions({
    queryKey: ["trace", traceId, below],
    queryFn: ({ signal }) => getTrace(traceId, below, signal),
    structuralSharing: (known, next) => keepTrace(known as Trace | undefined, next as Trace),
    refetchInterval: ({ state }) => againOf(state.data),
  });
}

/** When a trace is read again: while more of it may come, and one that takes long to read less often. */
function againOf(trace: Trace | undefined): number | false {
  if (trace === undefined || !mayGrow(trace, now())) return false;
  return trace.spans.length > LONG ? LATER_MS : SOON_MS;
}

/** Whether something is an id of a trace, as opposed to one of an invocation. */
export const isTraceId = (id: string): boolean => /^[0-9a-fA-F]{32}$/.test(id);

export const isNotFound = (error: Error): boolean => error instanceof ApiError && error.kind === "not_found";
