import { OVERVIEW_ORDERS, type OverviewOrder } from "../../model/overview.ts";
import { parseRangeSearch, type RangeSearch } from "../../model/range.ts";
import { START_TABS, type StartTab } from "../../model/start.ts";

export interface OverviewSearch extends RangeSearch {
  /** Absent for what needs a look first. */
  readonly sort?: Exclude<OverviewOrder, "attention">;
  /** Part of a function's name. */
  readonly name?: string;
  /** Absent where figures are shown beside those of the time before. */
  readonly compare?: "off";
  /** Whether what changed is told of the range; absent for the day. */
  readonly changes?: "range";
}

export function parseOverviewSearch(raw: Record<string, unknown>): OverviewSearch {
  const sort = OVERVIEW_ORDERS.find(order => order === raw.sort);
  const name = raw.name;
  return {
    ...parseRangeSearch(raw),
    ...(sort !== undefined && sort !== "attention" && { sort }),
    ...(typeof name === "string" && name !== "" && { name }),
    ...(raw.compare === "off" && { compare: raw.compare }),
    ...(raw.changes === "range" && { changes: raw.changes }),
  };
}

export interface StartSearch {
  /** What is attached; absent for a Lambda function. */
  readonly tab?: Exclude<StartTab, "lambda">;
  /** With which tool; absent for the first. */
  readonly tool?: string;
}

export function parseStartSearch({ tab, tool }: Record<string, unknown>): StartSearch {
  const known = START_TABS.find(one => one === tab);
  return {
    ...(known !== undefined && known !== "lambda" && { tab: known }),
    ...(typeof tool === "string" && tool !== "" && { tool }),
  };
}
