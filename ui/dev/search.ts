/** The search of the made-up shop, and what it proposes while somebody types. */

import type { components } from "../src/api/generated/openapi.ts";
import type { Answer } from "./alerts.ts";
import type { Trace } from "./journey.ts";
import {
  anyValue,
  COMPARISONS,
  CONSTANTS,
  evaluate,
  type Found,
  fieldOf,
  INTRINSICS,
  parseQuery,
  type Query,
  QueryError,
  type Token,
  textOf,
  tokensOf,
  type Value,
} from "./query.ts";

type Schemas = components["schemas"];

const HOUR = 3_600_000_000_000n;
const PAGE = 100;
const TOLD = 20;
/** In a range that is longer than an hour, it stops after so many: what is seen where a store is large. */
const BUDGET = 60;
const SUGGESTED = 50;

export interface Range {
  readonly from: bigint;
  readonly to: bigint;
}

/** @param traces of the range, the latest first. */
export function search(traces: readonly Trace[], { from, to }: Range, asked: URLSearchParams): Answer {
  let query: Query;
  try {
    query = parseQuery(asked.get("q") ?? "");
  } catch (error) {
    if (error instanceof QueryError) return mistaken(error, asked.get("q") ?? "");
    throw error;
  }
  const begin = Number(asked.get("cursor") ?? "0");
  const limit = Number(asked.get("limit") ?? PAGE);
  const most = to - from > HOUR ? BUDGET : traces.length;
  const found: Schemas["TraceMatch"][] = [];
  let at = begin;
  while (at < traces.length && at - begin < most && found.length < limit) {
    const trace = traces[at];
    at += 1;
    const spansets = trace === undefined ? [] : evaluate(query, trace);
    if (trace !== undefined && spansets.length > 0) found.push(matchOf(trace, spansets, query));
  }
  const isAtEnd = at >= traces.length;
  const isSpent = !isAtEnd && found.length < limit;
  const body: Schemas["SearchResult"] = {
    traces: found,
    next_cursor: isAtEnd ? null : String(at),
    looked_at: at - begin,
    searched_from: isAtEnd ? String(from) : (traces[at - 1]?.start ?? String(from)),
    warnings: isSpent ? ["the search took too long and stopped at `searched_from`; `next_cursor` goes on there"] : [],
  };
  return { status: 200, body };
}

function mistaken({ at, message }: QueryError, text: string): Answer {
  const characters = (units: number) => [...text.slice(0, units)].length;
  const [from, to] = [characters(at.from), characters(at.to)];
  const body: Schemas["Error"] = { error: { code: "invalid", message, parameter: "q", at: { from, to } } };
  return { status: 400, body };
}

function matchOf(trace: Trace, found: readonly Found[], { selected }: Query): Schemas["TraceMatch"] {
  const root = trace.spans.find(span => span.phase === "invocation" || span.phase === "");
  return {
    trace_id: trace.trace_ids[0] ?? "",
    start: trace.start,
    duration: String(BigInt(trace.end) - BigInt(trace.start)),
    root_service: root?.service ?? "",
    root_name: root?.name ?? "",
    spans: String(trace.spans_total),
    errors: String(trace.spans.filter(span => span.status === "error").length),
    spansets: found.slice(0, TOLD).map(({ spans, values }) => ({
      matched: String(spans.length),
      values: [...values],
      spans: spans.slice(0, TOLD).map(span => ({
        span_id: span.span_id,
        service: span.service,
        name: span.name,
        start: span.start,
        duration: String(BigInt(span.end) - BigInt(span.start)),
        status: span.status,
        values: selected
          .map(field => ({ key: field, value: anyValue(fieldOf({ span, trace }, field)) }))
          .filter(one => Object.keys(one.value).length > 0),
      })),
    })),
  };
}

type Suggestion = Schemas["Suggestion"];
type Kind = Suggestion["kind"];

/** What may stand at a place: told from the two tokens before it. */
export function suggest(traces: readonly Trace[], asked: URLSearchParams): Answer {
  const text = asked.get("q") ?? "";
  const at = Number(asked.get("at") ?? text.length);
  let tokens: Token[];
  try {
    tokens = tokensOf(text.slice(0, at));
  } catch {
    return told(at, at, []);
  }
  const last = tokens.at(-1);
  const isTyped = last !== undefined && last.to === at && last.kind !== "symbol";
  const typed = isTyped ? last.text : "";
  const from = isTyped ? last.from : at;
  const rest = isTyped ? (/^[\p{L}\p{N}_.:-]*/u.exec(text.slice(at))?.[0].length ?? 0) : 0;
  const place = placeOf(isTyped ? tokens.slice(0, -1) : tokens);
  const fits = proposed(place, traces).filter(one => isMeant(one.text, typed));
  return told(from, at + rest, fits.slice(0, SUGGESTED));
}

function isMeant(text: string, typed: string): boolean {
  const plain = typed.replace(/^["`]|["`]$/g, "").toLowerCase();
  const known = text.toLowerCase();
  if (known === typed.toLowerCase()) return false;
  return plain === "" || (/^[.a-z"]/.test(plain) && plain.length > 0 ? known.includes(plain) : known.startsWith(plain));
}

type Place =
  | { readonly kind: "step" | "behind" | "operand" | "logic" | "argument" | "figure" | "nothing" }
  | { readonly kind: "operator" | "value"; readonly field: string };

function placeOf(tokens: readonly Token[]): Place {
  const open: string[] = [];
  for (const { text, kind } of tokens) {
    if (kind === "symbol" && (text === "{" || text === "(")) open.push(text);
    if (kind === "symbol" && (text === "}" || text === ")")) open.pop();
  }
  const last = tokens.at(-1);
  const before = tokens.at(-2);
  const inner = open.at(-1);
  if (last === undefined || (last.text === "|" && inner === undefined)) return { kind: "step" };
  if (inner === undefined) {
    const isFigure = last.text === ")" && tokens.some(one => /^(?:count|avg|min|max|sum)$/.test(one.text));
    return { kind: isFigure ? "figure" : "behind" };
  }
  if (inner === "(" && last.text !== "(" && last.text !== ",") return { kind: "nothing" };
  if (inner === "(") return { kind: "argument" };
  if (last.text === "{" || last.text === "&&" || last.text === "||") return { kind: "operand" };
  if (COMPARISONS.includes(last.text) && before !== undefined) return { kind: "value", field: before.text };
  const isCompared = before !== undefined && COMPARISONS.includes(before.text);
  return isCompared ? { kind: "logic" } : { kind: "operator", field: last.text };
}

const words = (kind: Kind, texts: readonly string[]): Suggestion[] => texts.map(text => ({ text, kind, count: null }));

function proposed(place: Place, traces: readonly Trace[]): Suggestion[] {
  switch (place.kind) {
    case "nothing":
      return [];
    case "step":
      return words("step", ["{", "count()", "avg(", "min(", "max(", "sum(", "by(", "select("]);
    case "behind":
      return words("operator", ["|", "&&", "||", ">", ">>"]);
    case "figure":
      return words("operator", COMPARISONS.slice(0, 6));
    case "logic":
      return words("operator", ["&&", "||", "}"]);
    case "operator":
      return [
        ...words("operator", place.field === "status" || place.field === "kind" ? ["=", "!="] : COMPARISONS),
        ...words("operator", ["&&", "||", "}"]),
      ];
    case "argument":
    case "operand":
      return [
        ...words("intrinsic", INTRINSICS),
        ...words("scope", ["span.", "resource.", "parent."]),
        ...attributesOf(traces),
      ];
    case "value":
      return valuesOf(place.field, traces);
  }
}

function attributesOf(traces: readonly Trace[]): Suggestion[] {
  const counts = new Map<string, number>();
  const add = (text: string) => counts.set(text, (counts.get(text) ?? 0) + 1);
  for (const { spans, resources } of traces) {
    for (const { attributes } of spans) for (const { key } of attributes) add(`span.${key}`);
    for (const { attributes } of resources) for (const { key } of attributes) add(`resource.${key}`);
  }
  return byCount(counts, "attribute");
}

function valuesOf(field: string, traces: readonly Trace[]): Suggestion[] {
  if (field === "status") return words("constant", ["ok", "error", "unset"]);
  if (field === "kind") return words("constant", ["internal", "server", "client", "producer", "consumer"]);
  const counts = new Map<string, number>();
  for (const trace of traces) {
    for (const span of trace.spans) {
      const value = fieldOf({ span, trace }, field);
      if (value === null || field.toLowerCase().endsWith("duration")) continue;
      const text = written(value);
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
  }
  const constants = field.includes(".")
    ? words(
        "constant",
        ["nil", "true", "false"].filter(one => one in CONSTANTS),
      )
    : [];
  return [...byCount(counts, "value"), ...constants];
}

const written = (value: Value): string => (typeof value === "string" ? JSON.stringify(textOf(value)) : String(value));

function byCount(counts: ReadonlyMap<string, number>, kind: Kind): Suggestion[] {
  return [...counts]
    .sort((left, right) => right[1] - left[1])
    .map(([text, count]) => ({ text, kind, count: String(count) }));
}

function told(from: number, to: number, suggestions: Suggestion[]): Answer {
  const body: Schemas["SuggestionList"] = { from, to, suggestions };
  return { status: 200, body };
}
