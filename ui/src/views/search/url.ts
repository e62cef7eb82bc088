import { type Nanos, nanos } from "../../base/time.ts";
import { parseRangeSearch, type RangeSearch } from "../../model/range.ts";
import type { Lengths } from "../../model/trace-search.ts";

export const VIEWS = ["list", "scatter", "groups"] as const;
export type SearchView = (typeof VIEWS)[number];

export interface SearchSearch extends RangeSearch {
  /** The query; absent where nothing is asked. */
  readonly q?: string;
  readonly view?: Exclude<SearchView, "list">;
  /** Lengths of the spans that matched; of the traces where absent. */
  readonly of?: "spans";
  /** What colours of points tell: the outcome where absent. */
  readonly colour?: "group";
  /** Nanoseconds: no shorter, and no longer. */
  readonly least?: string;
  readonly most?: string;
}

const LONGEST_QUERY = 32_768;

export function parseSearchSearch(raw: Record<string, unknown>): SearchSearch {
  const { of, colour } = raw;
  const q = typeof raw.q === "string" ? raw.q.trim() : "";
  const view = VIEWS.find(one => one === raw.view);
  const least = parseLength(raw.least);
  const most = parseLength(raw.most);
  const isOrdered = least === null || most === null || least <= most;
  return {
    ...parseRangeSearch(raw),
    ...(q !== "" && q.length <= LONGEST_QUERY && { q }),
    ...(view !== undefined && view !== "list" && { view }),
    ...(of === "spans" && { of }),
    ...(colour === "group" && { colour }),
    ...(isOrdered && least !== null && { least: String(least) }),
    ...(isOrdered && most !== null && { most: String(most) }),
  };
}

function parseLength(raw: unknown): Nanos | null {
  return typeof raw === "string" && /^[0-9]{1,18}$/.test(raw) ? nanos(BigInt(raw)) : null;
}

export function lengthsOf({ of, least, most }: SearchSearch): Lengths {
  return { of: of ?? "traces", least: parseLength(least), most: parseLength(most) };
}

/** The URL's part of them. */
export function lengthsSearch({ least, most }: Lengths): Pick<SearchSearch, "least" | "most"> {
  return { ...(least !== null && { least: String(least) }), ...(most !== null && { most: String(most) }) };
}

export function withoutLengths({ least: _least, most: _most, ...rest }: SearchSearch): SearchSearch {
  return rest;
}

export function withoutRange({ range: _range, from: _from, to: _to, ...rest }: SearchSearch): SearchSearch {
  return rest;
}
