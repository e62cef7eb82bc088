/** What is read of functions, invocations and traces, call by call. */

import type { Time } from "../base/time.ts";
import { type Comparison, type Selection, SLOWEST } from "../model/comparison.ts";
import type { FunctionErrors } from "../model/errors.ts";
import type { PathComparison } from "../model/flame.ts";
import type { FunctionSummary } from "../model/function.ts";
import type { FunctionDetail } from "../model/function-detail.ts";
import type { FunctionFindings } from "../model/function-findings.ts";
import type { FunctionPath } from "../model/function-path.ts";
import { type Invocation, isFailure, type Order, OUTCOMES } from "../model/invocation.ts";
import type { FunctionSandboxes } from "../model/sandboxes.ts";
import type { ToldFinding } from "../model/told-findings.ts";
import type { InvocationDetail, Trace, TraceSummary } from "../model/trace.ts";
import { getWithTrace } from "./read-trace.ts";
import { get, type Page, type Parameter } from "./request.ts";
import {
  comparison,
  errorList,
  findingList,
  functionDetail,
  functionFindings,
  functionList,
  functionPath,
  functionSandboxes,
  invocationDetail,
  invocationList,
  pathComparison,
  trace,
  traceList,
} from "./schemas.ts";

export interface Between {
  readonly from: Time;
  readonly to: Time;
}

interface Paged extends Between {
  readonly sort: Order;
  readonly cursor: string | null;
}

export interface InvocationQuery extends Paged {
  readonly function: string | null;
  readonly outcomes: readonly string[];
  readonly cold: boolean | null;
  /** Here and below: empty for all. */
  readonly version: string;
  readonly errorType: string;
  /** Nanoseconds. */
  readonly min: string;
  readonly max: string;
  /** Of a page; as many as a table shows where nothing is said. */
  readonly limit?: number;
}

export interface TraceQuery extends Paged {
  readonly service: string;
}

const PAGE = 100;
/** As many as somebody looks through. */
const ERROR_GROUPS = 20;

export async function listFunctions({ from, to }: Between, signal: AbortSignal): Promise<readonly FunctionSummary[]> {
  const answer = await get("functions", { from, to }, functionList, signal);
  return answer.functions;
}

export function getFunction(name: string, { from, to }: Between, signal: AbortSignal): Promise<FunctionDetail> {
  return get(`functions/${encodeURIComponent(name)}`, { from, to }, functionDetail, signal);
}

export function getFunctionFindings(
  name: string,
  { from, to }: Between,
  signal: AbortSignal,
): Promise<FunctionFindings> {
  return get(`functions/${encodeURIComponent(name)}/findings`, { from, to }, functionFindings, signal);
}

/** Where its time went, as far as that is derived. */
export function getFunctionPath(name: string, { from, to }: Between, signal: AbortSignal): Promise<FunctionPath> {
  return get(`functions/${encodeURIComponent(name)}/path`, { from, to }, functionPath, signal);
}

/** Of a function's errors, those that are most frequent. */
export function listFunctionErrors(name: string, { from, to }: Between, signal: AbortSignal): Promise<FunctionErrors> {
  return get("errors", { from, to, function: name, limit: ERROR_GROUPS }, errorList, signal);
}

/** What ran a function, and how many invocations at once. */
export function getFunctionSandboxes(
  name: string,
  { from, to }: Between,
  signal: AbortSignal,
): Promise<FunctionSandboxes> {
  return get(`functions/${encodeURIComponent(name)}/sandboxes`, { from, to }, functionSandboxes, signal);
}

/** What some invocations of a function have more often than the rest. */
export function compare(
  name: string,
  { from, to }: Between,
  selection: Selection,
  signal: AbortSignal,
): Promise<Comparison> {
  return get("compare", { from, to, function: name, ...selectedBy(selection) }, comparison, signal);
}

/** Where the time of both went; told from the traces of some of them. */
export function comparePaths(
  name: string,
  { from, to }: Between,
  selection: Selection,
  signal: AbortSignal,
): Promise<PathComparison> {
  return get("compare/paths", { from, to, function: name, ...selectedBy(selection) }, pathComparison, signal);
}

function selectedBy(selection: Selection): Readonly<Record<string, Parameter>> {
  switch (selection.kind) {
    case "slow":
      return { slowest: SLOWEST };
    case "errors":
      return { outcome: OUTCOMES.filter(isFailure).join(",") };
    case "cold":
      return { cold: true };
    case "version":
      return { version: selection.version };
    case "stretch": {
      const { since, until, min, max } = selection;
      return { since, until, min_duration: min, max_duration: max };
    }
  }
}

/** As they were told in the last day. */
export async function listFindings(signal: AbortSignal): Promise<readonly ToldFinding[]> {
  const answer = await get("findings", {}, findingList, signal);
  return answer.findings;
}

export async function listInvocations(query: InvocationQuery, signal: AbortSignal): Promise<Page<Invocation>> {
  const { outcomes, errorType, min, max, ...rest } = query;
  const parameters = {
    ...rest,
    outcome: outcomes.join(","),
    error_type: errorType,
    min_duration: min,
    max_duration: max,
    limit: query.limit ?? PAGE,
  };
  const answer = await get("invocations", parameters, invocationList, signal);
  return { items: answer.invocations, total: answer.total, next: answer.next_cursor };
}

export async function listTraces(query: TraceQuery, signal: AbortSignal): Promise<Page<TraceSummary>> {
  const answer = await get("traces", { ...query, limit: PAGE }, traceList, signal);
  return { items: answer.traces, total: answer.total, next: answer.next_cursor };
}

export function getInvocation(requestId: string, signal: AbortSignal): Promise<InvocationDetail> {
  return getWithTrace(`invocations/${encodeURIComponent(requestId)}`, {}, invocationDetail, signal);
}

/** @param below a span: what stands at and below it alone. */
export function getTrace(traceId: string, below: string | null, signal: AbortSignal): Promise<Trace> {
  return getWithTrace(`traces/${encodeURIComponent(traceId)}`, { below }, trace, signal);
}
