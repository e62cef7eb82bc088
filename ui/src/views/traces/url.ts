import { ORDERS, type Order } from "../../model/invocation.ts";
import { parseRangeSearch, type RangeSearch } from "../../model/range.ts";

export interface TracesSearch extends RangeSearch {
  readonly service?: string;
  readonly sort?: Exclude<Order, "newest">;
}

export function parseTracesSearch(raw: Record<string, unknown>): TracesSearch {
  const service = raw.service;
  const sort = ORDERS.find(order => order === raw.sort);
  return {
    ...parseRangeSearch(raw),
    ...(typeof service === "string" && service !== "" && { service }),
    ...(sort !== undefined && sort !== "newest" && { sort }),
  };
}
