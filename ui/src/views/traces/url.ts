import { parseRangeSearch, type RangeSearch } from "../../model/range.ts";

export const TRACE_ORDERS = ["newest", "slowest"] as const;
export type TraceOrder = (typeof TRACE_ORDERS)[number];

export interface TracesSearch extends RangeSearch {
  readonly service?: string;
  readonly sort?: Exclude<TraceOrder, "newest">;
}

export function parseTracesSearch(raw: Record<string, unknown>): TracesSearch {
  const service = raw.service;
  const sort = TRACE_ORDERS.find(order => order === raw.sort);
  return {
    ...parseRangeSearch(raw),
    ...(typeof service === "string" && service !== "" && { service }),
    ...(sort !== undefined && sort !== "newest" && { sort }),
  };
}
