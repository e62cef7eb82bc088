import { FUNCTION_ORDERS, type FunctionOrder } from "../../model/function.ts";
import { parseRangeSearch, type RangeSearch } from "../../model/range.ts";

export interface FunctionsSearch extends RangeSearch {
  readonly sort?: Exclude<FunctionOrder, "recent">;
  /** Part of a function's name. */
  readonly name?: string;
}

export function parseFunctionsSearch(raw: Record<string, unknown>): FunctionsSearch {
  const sort = FUNCTION_ORDERS.find(order => order === raw.sort);
  const name = raw.name;
  return {
    ...parseRangeSearch(raw),
    ...(sort !== undefined && sort !== "recent" && { sort }),
    ...(typeof name === "string" && name !== "" && { name }),
  };
}
