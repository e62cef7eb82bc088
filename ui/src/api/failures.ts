/** The invocations of a function that failed, as a chart of single ones shows them. */

import { keepPreviousData, queryOptions, skipToken } from "@tanstack/react-query";

import { now } from "../base/time.ts";
import { isFailure, OUTCOMES } from "../model/invocation.ts";
import { bounds, type Range, rangeSearch } from "../model/range.ts";
import { listInvocations } from "./client.ts";

const REFRESH_MS = 10_000;
/** As many as can be told from each other on a chart. */
const MOST = 500;

/** @param isAsked whether somebody sees them. */
export function failuresQuery(name: string, range: Range, isAsked: boolean) {
  const read = ({ signal }: { readonly signal: AbortSignal }) => {
    const outcomes = OUTCOMES.filter(isFailure);
    const all = { cold: null, version: "", errorType: "", min: "", max: "", cursor: null, sort: "newest" } as const;
    return listInvocations({ ...bounds(range, now()), ...all, function: name, outcomes, limit: MOST }, signal);
  };
  return queryOptions({
    queryKey: ["failures", name, rangeSearch(range)],
    queryFn: isAsked ? read : skipToken,
    refetchInterval: range.kind === "last" ? REFRESH_MS : false,
    placeholderData: keepPreviousData,
  });
}
