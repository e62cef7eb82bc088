import { parseRangeSearch, type RangeSearch } from "../../model/range.ts";

export type MapForm = "map" | "list";

export interface MapSearch extends RangeSearch {
  /** Drawn or listed; absent for what fits the screen. */
  readonly view?: MapForm;
  /** The id of what is looked at. */
  readonly node?: string;
  /** Part of a name. */
  readonly find?: string;
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

export function parseMapSearch(raw: Record<string, unknown>): MapSearch {
  const { view, node, find } = raw;
  return {
    ...parseRangeSearch(raw),
    ...((view === "map" || view === "list") && { view }),
    ...(isText(node) && { node }),
    ...(isText(find) && { find }),
  };
}
