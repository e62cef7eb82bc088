import { COLD_ORDERS, type ColdOrder } from "../../model/cold-starts.ts";
import { parseRangeSearch, type RangeSearch } from "../../model/range.ts";

export interface ColdStartsSearch extends RangeSearch {
  readonly sort?: Exclude<ColdOrder, "share">;
}

export function parseColdStartsSearch(raw: Record<string, unknown>): ColdStartsSearch {
  const sort = COLD_ORDERS.find(order => order === raw.sort);
  return { ...parseRangeSearch(raw), ...(sort !== undefined && sort !== "share" && { sort }) };
}
