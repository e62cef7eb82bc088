/** Spansets of many traces put together by what they were split by, as far as they were read. */

import type { Nanos } from "../base/time.ts";
import { longest } from "../base/time.ts";
import type { AnyValue, Attribute } from "./attribute.ts";
import { withStep } from "./query-text.ts";
import { type MatchRow, numberOf, splitBy, valueKey } from "./trace-search.ts";

export interface SearchGroup {
  readonly key: string;
  /** What its spans have in common, by what they were split by. */
  readonly values: readonly Attribute[];
  readonly traces: number;
  readonly spans: number;
  /** Among the spans that were told. */
  readonly failed: number;
  readonly longest: Nanos;
  /** What the query computed, over all of it. */
  readonly figures: readonly Figure[];
}

export interface Figure {
  readonly key: string;
  readonly value: number;
}

/** The largest first; null where the query splits nothing. */
export function groupsOf(rows: readonly MatchRow[]): SearchGroup[] | null {
  const parts = new Map<string, MatchRow[]>();
  for (const row of rows) {
    const key = groupKey(row);
    if (key === null) continue;
    const known = parts.get(key);
    if (known === undefined) parts.set(key, [row]);
    else known.push(row);
  }
  if (parts.size === 0) return null;
  return [...parts].map(([key, of]) => groupOf(key, of)).sort((left, right) => right.spans - left.spans);
}

/** The same for all that belong together; null where nothing was split. */
export function groupKey({ spanset }: MatchRow): string | null {
  const by = spanset.values.filter(({ key }) => splitBy(key) !== null);
  return by.length === 0 ? null : JSON.stringify(by.map(({ key, value }) => [key, valueKey(value)]));
}

function groupOf(key: string, rows: readonly MatchRow[]): SearchGroup {
  const values = (rows[0]?.spanset.values ?? []).filter(one => splitBy(one.key) !== null);
  const told = rows.flatMap(({ spanset }) => spanset.spans);
  return {
    key,
    values,
    traces: new Set(rows.map(({ match }) => match.traceId)).size,
    spans: rows.reduce((all, { spanset }) => all + spanset.matched, 0),
    failed: told.filter(span => span.status === "error").length,
    longest: longest(told.map(span => span.duration)),
    figures: figuresOf(rows),
  };
}

function figuresOf(rows: readonly MatchRow[]): Figure[] {
  const keys = new Set(rows.flatMap(({ spanset }) => spanset.values.map(one => one.key)));
  return [...keys]
    .filter(key => splitBy(key) === null)
    .flatMap(key => {
      const parts = rows.flatMap(({ spanset }) => {
        const value = spanset.values.find(one => one.key === key)?.value;
        const number = value === undefined ? null : numberOf(value);
        return number === null ? [] : [{ number, spans: spanset.matched }];
      });
      const value = together(key, parts);
      return value === null ? [] : [{ key, value }];
    });
}

interface PartFigure {
  readonly number: number;
  readonly spans: number;
}

/** One figure of many parts; null for one that can't be told from its parts. */
function together(key: string, parts: readonly PartFigure[]): number | null {
  const numbers = parts.map(part => part.number);
  const sum = numbers.reduce((all, one) => all + one, 0);
  if (parts.length === 0) return null;
  if (/^(?:count\(\)|sum\(.*\))$/.test(key)) return sum;
  if (/^max\(.*\)$/.test(key)) return Math.max(...numbers);
  if (/^min\(.*\)$/.test(key)) return Math.min(...numbers);
  if (!/^avg\(.*\)$/.test(key)) return parts.length === 1 ? sum : null;
  const spans = parts.reduce((all, one) => all + one.spans, 0);
  return spans === 0 ? null : parts.reduce((all, one) => all + one.number * one.spans, 0) / spans;
}

/** The query that finds this group alone; null where the language has no words for its values. */
export function narrowedTo(query: string, { values }: SearchGroup): string | null {
  const conditions = values.map(({ key, value }) => {
    const field = splitBy(key);
    const constant = field === null ? null : literal(field, value);
    return constant === null ? null : `${isField(field ?? "") ? field : `(${field})`} = ${constant}`;
  });
  return conditions.includes(null) ? null : withStep(query, `{ ${conditions.join(" && ")} }`);
}

/** Whether it is one field, and not something computed. */
const isField = (text: string): boolean => /^[^\s()]*(?:"(?:[^"\\]|\\.)*")?$/.test(text);

/** Fields whose values are words of the language. */
const WORDS = /^(?:span:)?(?:status|kind)$/;

/** As a query has it; null where it has no words for it. */
export function literal(field: string, value: AnyValue): string | null {
  switch (value.kind) {
    case "empty":
      return "nil";
    case "bool":
    case "int":
      return String(value.value);
    case "double":
      return Number.isFinite(value.value) ? String(value.value) : null;
    case "string":
      return WORDS.test(field) ? value.value : quoted(value.value);
    default:
      return null;
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

export const quoted = (text: string): string => `"${text.replaceAll(/["\\\n\r\t]/g, one => ESCAPES[one] ?? one)}"`;
