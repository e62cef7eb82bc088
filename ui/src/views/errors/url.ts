import { ERROR_ORDERS, type ErrorOrder } from "../../model/error-detail.ts";
import { parseRangeSearch, type RangeSearch } from "../../model/range.ts";

export interface ErrorsSearch extends RangeSearch {
  /** Of this one only. */
  readonly function?: string;
  readonly sort?: Exclude<ErrorOrder, "count">;
}

export function parseErrorsSearch(raw: Record<string, unknown>): ErrorsSearch {
  const sort = ERROR_ORDERS.find(order => order === raw.sort);
  const name = raw.function;
  return {
    ...parseRangeSearch(raw),
    ...(typeof name === "string" && name !== "" && { function: name }),
    ...(sort !== undefined && sort !== "count" && { sort }),
  };
}
