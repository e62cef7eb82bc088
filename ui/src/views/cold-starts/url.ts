import { COLD_BY, COLD_ORDERS, type ColdBy, type ColdOrder } from "../../model/cold-starts.ts";
import { parseRangeSearch, type RangeSearch } from "../../model/range.ts";

export interface ColdStartsSearch extends RangeSearch {
  /** Of one function; absent for all of them. */
  readonly function?: string;
  readonly by?: Exclude<ColdBy, "part">;
  readonly sort?: Exclude<ColdOrder, "share">;
}

export function parseColdStartsSearch(raw: Record<string, unknown>): ColdStartsSearch {
  const by = COLD_BY.find(one => one === raw.by);
  const sort = COLD_ORDERS.find(order => order === raw.sort);
  return {
    ...parseRangeSearch(raw),
    ...(typeof raw.function === "string" && raw.function !== "" && { function: raw.function }),
    ...(by !== undefined && by !== "part" && { by }),
    ...(sort !== undefined && sort !== "share" && { sort }),
  };
}
