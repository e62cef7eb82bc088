import { nanos, time } from "../../base/time.ts";
import { type Box, WHY_NAMES, type WhyName } from "../../model/comparison.ts";
import { ORDERS, type Order, OUTCOMES, type Outcome } from "../../model/invocation.ts";
import { parseRangeSearch, type Range, type RangeSearch, rangeOf } from "../../model/range.ts";

export type ColdFilter = "cold" | "warm";

export interface InvocationsSearch extends RangeSearch {
  /** Outcomes, comma-separated; absent for all. */
  readonly outcome?: string;
  readonly start?: ColdFilter;
  readonly version?: string;
  /** A type of error. */
  readonly error?: string;
  /** The shortest and the longest that are listed, in nanoseconds. */
  readonly min?: string;
  readonly max?: string;
  /** Of what is listed alone, in Unix nanoseconds: what the page shows beside it keeps its range. */
  readonly after?: string;
  readonly before?: string;
  readonly sort?: Exclude<Order, "newest">;
}

/** What a function's page shows beside its list. */
export interface FunctionSearch extends InvocationsSearch {
  /** Which chart; absent for percentiles. */
  readonly chart?: "heatmap";
  /** Which invocations are compared with the rest; absent where none are. */
  readonly why?: WhyName;
  /** Of the box that is compared: in Unix nanoseconds, and its lengths in nanoseconds where it has not all of them. */
  readonly since?: string;
  readonly until?: string;
  readonly shortest?: string;
  readonly longest?: string;
  /** The version that is compared; absent for the newest. */
  readonly compared?: string;
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

type Asked = "why" | "since" | "until" | "shortest" | "longest" | "compared";

function parseWhy(raw: Record<string, unknown>): Pick<FunctionSearch, Asked> {
  const why = WHY_NAMES.find(reason => reason === raw.why);
  if (why === "version") return { why, ...(isText(raw.compared) && { compared: raw.compared }) };
  if (why !== "stretch") return why === undefined ? {} : { why };
  const { from: since, to: until } = parseRangeSearch({ from: raw.since, to: raw.until });
  if (since === undefined || until === undefined) return {};
  const { shortest, longest } = raw;
  return {
    why,
    since,
    until,
    ...(isLength(shortest) && { shortest }),
    ...(isLength(longest) && { longest }),
  };
}

/** As nothing is compared. */
export function withoutWhy(search: FunctionSearch): FunctionSearch {
  const {
    why: _why,
    since: _since,
    until: _until,
    shortest: _shortest,
    longest: _longest,
    compared: _,
    ...rest
  } = search;
  return rest;
}

/** What compares a box with the rest. */
export function comparedBox({ since, until, min, max }: Box): Pick<FunctionSearch, Asked> {
  return {
    why: "stretch",
    since: String(since),
    until: String(until),
    ...(min !== null && { shortest: String(min) }),
    ...(max !== null && { longest: String(max) }),
  };
}

/** The box that is compared; null where none is. */
export function boxCompared({ why, since, until, shortest, longest }: FunctionSearch): Box | null {
  if (why !== "stretch" || since === undefined || until === undefined) return null;
  return boxOf(since, until, shortest, longest);
}

/** What lists a box alone. */
export function listedBox({ since, until, min, max }: Box): InvocationsSearch {
  return {
    after: String(since),
    before: String(until),
    ...(min !== null && { min: String(min) }),
    ...(max !== null && { max: String(max) }),
  };
}

/** The box that is listed; null where the list has the time of the page. */
export function boxListed({ after, before, min, max }: InvocationsSearch): Box | null {
  return after === undefined || before === undefined ? null : boxOf(after, before, min, max);
}

function boxOf(since: string, until: string, min: string | undefined, max: string | undefined): Box {
  return {
    since: time(BigInt(since)),
    until: time(BigInt(until)),
    min: min === undefined ? null : nanos(BigInt(min)),
    max: max === undefined ? null : nanos(BigInt(max)),
  };
}

/** The range that is listed: that of the page, or a part of it. */
export function rangeListed(search: InvocationsSearch): Range {
  const box = boxListed(search);
  return box === null ? rangeOf(search) : { kind: "between", from: box.since, to: box.until };
}

/** As everything of the range is listed. */
export function withoutFilters<Search extends InvocationsSearch>(search: Search) {
  const { outcome: _outcome, start: _start, version: _version, error: _error, ...others } = search;
  const { min: _min, max: _max, after: _after, before: _before, ...rest } = others;
  return rest;
}

/** As all lengths and the whole time of the page are listed. */
export function withoutBox<Search extends InvocationsSearch>(search: Search) {
  const { min: _min, max: _max, after: _after, before: _before, ...rest } = search;
  return rest;
}

const isText = (raw: unknown): raw is string => typeof raw === "string" && raw !== "";
const isLength = (raw: unknown): raw is string => typeof raw === "string" && /^[0-9]{1,18}$/.test(raw);

export function parseInvocationsSearch(raw: Record<string, unknown>): InvocationsSearch {
  const outcomes = typeof raw.outcome === "string" ? parseOutcomes(raw.outcome) : [];
  const start = raw.start;
  const sort = ORDERS.find(order => order === raw.sort);
  return {
    ...parseRangeSearch(raw),
    ...(outcomes.length > 0 && { outcome: outcomes.join(",") }),
    ...((start === "cold" || start === "warm") && { start }),
    ...(isText(raw.version) && { version: raw.version }),
    ...(isText(raw.error) && { error: raw.error }),
    ...parseLengths(raw),
    ...parseListed(raw),
    ...(sort !== undefined && sort !== "newest" && { sort }),
  };
}

function parseLengths({ min, max }: Record<string, unknown>): Pick<InvocationsSearch, "min" | "max"> {
  if (isLength(min) && isLength(max) && BigInt(min) > BigInt(max)) return {};
  return { ...(isLength(min) && { min }), ...(isLength(max) && { max }) };
}

function parseListed(raw: Record<string, unknown>): Pick<InvocationsSearch, "after" | "before"> {
  const { from: after, to: before } = parseRangeSearch({ from: raw.after, to: raw.before });
  return after === undefined || before === undefined ? {} : { after, before };
}

/** Known ones, each once, in the order in which they are always shown. */
export function parseOutcomes(text: string | undefined): Outcome[] {
  const named = new Set((text ?? "").split(","));
  return OUTCOMES.filter(outcome => named.has(outcome));
}

export function withoutRange<Search extends RangeSearch>({ range: _range, from: _from, to: _to, ...rest }: Search) {
  return rest;
}
