import { WHY_NAMES, type WhyName } from "../../model/comparison.ts";
import { ORDERS, type Order, OUTCOMES, type Outcome } from "../../model/invocation.ts";
import { parseRangeSearch, type RangeSearch } from "../../model/range.ts";

export type ColdFilter = "cold" | "warm";

export interface InvocationsSearch extends RangeSearch {
  /** Outcomes, comma-separated; absent for all. */
  readonly outcome?: string;
  readonly start?: ColdFilter;
  readonly sort?: Exclude<Order, "newest">;
}

/** What a function's page shows beside its list. */
export interface FunctionSearch extends InvocationsSearch {
  /** Which chart; absent for percentiles. */
  readonly chart?: "heatmap";
  /** Which invocations are compared with the rest; absent where none are. */
  readonly why?: WhyName;
  /** Of the stretch that is compared, in Unix nanoseconds. */
  readonly since?: string;
  readonly until?: string;
  /** Whether what ran it is shown; absent where it is not. */
  readonly sandboxes?: "open";
}

export interface FindingsSearch {
  /** Part of a function's name. */
  readonly name?: string;
}

export function parseFindingsSearch({ name }: Record<string, unknown>): FindingsSearch {
  return typeof name === "string" && name !== "" ? { name } : {};
}

export function parseFunctionSearch(raw: Record<string, unknown>): FunctionSearch {
  return {
    ...parseInvocationsSearch(raw),
    ...(raw.chart === "heatmap" && { chart: raw.chart }),
    ...parseWhy(raw),
    ...(raw.sandboxes === "open" && { sandboxes: raw.sandboxes }),
  };
}

function parseWhy(raw: Record<string, unknown>): Pick<FunctionSearch, "why" | "since" | "until"> {
  const why = WHY_NAMES.find(reason => reason === raw.why);
  if (why !== "stretch") return why === undefined ? {} : { why };
  const { from: since, to: until } = parseRangeSearch({ from: raw.since, to: raw.until });
  return since === undefined || until === undefined ? {} : { why, since, until };
}

/** As nothing is compared. */
export function withoutWhy({ why: _why, since: _since, until: _until, ...rest }: FunctionSearch): FunctionSearch {
  return rest;
}

export function parseInvocationsSearch(raw: Record<string, unknown>): InvocationsSearch {
  const outcomes = typeof raw.outcome === "string" ? parseOutcomes(raw.outcome) : [];
  const start = raw.start;
  const sort = ORDERS.find(order => order === raw.sort);
  return {
    ...parseRangeSearch(raw),
    ...(outcomes.length > 0 && { outcome: outcomes.join(",") }),
    ...((start === "cold" || start === "warm") && { start }),
    ...(sort !== undefined && sort !== "newest" && { sort }),
  };
}

/** Known ones, each once, in the order in which they are always shown. */
export function parseOutcomes(text: string | undefined): Outcome[] {
  const named = new Set((text ?? "").split(","));
  return OUTCOMES.filter(outcome => named.has(outcome));
}

export function withoutRange<Search extends RangeSearch>({ range: _range, from: _from, to: _to, ...rest }: Search) {
  return rest;
}
