/**
 * A small part of the query language, for the made-up shop: braces with comparisons, `&&` and `||`, and behind them filters, figures,
 * by() and select(). What it does not know it refuses, and points at it.
 */

import type { components } from "../src/api/generated/openapi.ts";
import type { Span, Trace } from "./journey.ts";

type Schemas = components["schemas"];
type Attribute = Schemas["Attribute"];
export type Value = string | number | boolean | null;

export class QueryError extends Error {
  /** In units of UTF-16. */
  readonly at: { readonly from: number; readonly to: number };

  constructor(at: QueryError["at"], message: string) {
    super(message);
    this.at = at;
  }
}

export interface Token {
  readonly kind: "symbol" | "word" | "text" | "number";
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

const TOKEN =
  /\s+|"(?:[^"\\]|\\.)*"?|`[^`]*`?|-?\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h)?|&&|\|\||!=|<=|>=|=~|!~|>>|<<|[{}()|,=<>!~&+*/%^-]|[\p{L}_.][\p{L}\p{N}_.:-]*/gu;

export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let last = 0;
  for (const match of text.matchAll(TOKEN)) {
    if (match.index > last) throw new QueryError({ from: last, to: match.index }, "these characters mean nothing here");
    last = match.index + match[0].length;
    if (/^\s/.test(match[0])) continue;
    const from = match.index;
    tokens.push({ kind: kindOf(match[0]), text: match[0], from, to: last });
  }
  if (last < text.length) throw new QueryError({ from: last, to: text.length }, "these characters mean nothing here");
  return tokens;
}

function kindOf(text: string): Token["kind"] {
  if (/^["`]/.test(text)) return "text";
  if (/^-?\d/.test(text)) return "number";
  return /^[\p{L}_.]/u.test(text) ? "word" : "symbol";
}

/** Something about a span. */
type Condition = (of: Spanned) => boolean;
/** A span and the trace that it stands in. */
export interface Spanned {
  readonly span: Span;
  readonly trace: Trace;
}

export interface Found {
  readonly spans: readonly Span[];
  readonly values: readonly Attribute[];
}

type Step =
  | { readonly kind: "filter"; readonly holds: Condition }
  | { readonly kind: "by"; readonly field: string }
  | {
      readonly kind: "figure";
      readonly name: string;
      readonly of: string | null;
      readonly holds: (value: number) => boolean;
    }
  | { readonly kind: "select"; readonly fields: readonly string[] };

export interface Query {
  readonly steps: readonly Step[];
  readonly selected: readonly string[];
}

export const INTRINSICS = [
  "duration",
  "name",
  "kind",
  "status",
  "statusMessage",
  "traceDuration",
  "rootName",
  "rootServiceName",
];
export const FIGURES = ["count", "avg", "min", "max", "sum"];
export const CONSTANTS: Readonly<Record<string, Value>> = {
  nil: null,
  true: true,
  false: false,
  ...Object.fromEntries(
    ["ok", "error", "unset", "server", "client", "producer", "consumer", "internal"].map(word => [word, word]),
  ),
};
export const COMPARISONS = ["=", "!=", "<", "<=", ">", ">=", "=~", "!~"];

const UNITS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 6e10, h: 3.6e12 };

export function parseQuery(text: string): Query {
  const parser = new Parser(tokensOf(text), text.length);
  const steps = parser.steps();
  return { steps, selected: steps.flatMap(step => (step.kind === "select" ? step.fields : [])) };
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #end: number;
  #next = 0;

  constructor(tokens: readonly Token[], end: number) {
    this.#tokens = tokens;
    this.#end = end;
  }

  steps(): Step[] {
    const steps = [this.#step()];
    while (this.#takes("|")) steps.push(this.#step());
    if (this.#peek() !== undefined) throw this.#wrong("`|` and a step, or the end of the query");
    return steps;
  }

  #step(): Step {
    if (this.#takes("{")) {
      if (this.#takes("}")) return { kind: "filter", holds: () => true };
      const holds = this.#either();
      this.#expect("}");
      return { kind: "filter", holds };
    }
    const word = this.#peek();
    if (word?.kind !== "word") throw this.#wrong("{ ... }, count(), avg(), min(), max(), sum(), by() or select()");
    this.#next += 1;
    if (word.text === "by") {
      this.#expect("(");
      const field = this.#field();
      this.#expect(")");
      return { kind: "by", field };
    }
    if (word.text === "select") {
      this.#expect("(");
      const fields = [this.#field()];
      while (this.#takes(",")) fields.push(this.#field());
      this.#expect(")");
      return { kind: "select", fields };
    }
    if (!FIGURES.includes(word.text)) {
      throw new QueryError(word, `the made-up shop knows no step \`${word.text}\``);
    }
    this.#expect("(");
    const of = word.text === "count" ? null : this.#field();
    this.#expect(")");
    const operator = this.#operator("a comparison, such as `> 2`");
    const wanted = this.#constant();
    const holds = (value: number) => compared(value, operator, wanted);
    return { kind: "figure", name: word.text, of, holds };
  }

  #either(): Condition {
    let left = this.#one();
    for (;;) {
      const first = left;
      if (this.#takes("&&")) {
        const right = this.#one();
        left = of => first(of) && right(of);
      } else if (this.#takes("||")) {
        const right = this.#one();
        left = of => first(of) || right(of);
      } else return left;
    }
  }

  #one(): Condition {
    if (this.#takes("(")) {
      const inner = this.#either();
      this.#expect(")");
      return inner;
    }
    const start = this.#peek();
    if (start?.text === "true" || start?.text === "false") {
      this.#next += 1;
      return () => start.text === "true";
    }
    const field = this.#field();
    const operator = this.#operator("a comparison, such as `= 1`");
    const wanted = this.#constant();
    return of => compared(fieldOf(of, field), operator, wanted);
  }

  #field(): string {
    const token = this.#peek();
    if (token?.kind !== "word") throw this.#wrong("a field, such as `name` or `.http.route`");
    this.#next += 1;
    const isAttribute = /^(?:span|resource|parent)?\../.test(token.text);
    if (isAttribute || INTRINSICS.includes(token.text)) return token.text;
    const near = INTRINSICS.find(name => token.text.startsWith(name) || name.startsWith(token.text));
    const hint = near === undefined ? "; an attribute is written with a point before it" : `; \`${near}\` is`;
    throw new QueryError(token, `at character ${token.from + 1}: \`${token.text}\` is no field and no constant${hint}`);
  }

  #operator(what: string): string {
    const token = this.#peek();
    if (token === undefined || !COMPARISONS.includes(token.text)) throw this.#wrong(what);
    this.#next += 1;
    return token.text;
  }

  #constant(): Value {
    const token = this.#peek();
    if (token === undefined || token.kind === "symbol") throw this.#wrong("a value");
    this.#next += 1;
    if (token.kind === "text") return textOf(token.text);
    if (token.kind === "number") {
      const [, digits = "", unit] = /^(-?[\d.]+)(\D+)?$/.exec(token.text) ?? [];
      return Number(digits) * (unit === undefined ? 1 : (UNITS[unit] ?? 1));
    }
    const value = CONSTANTS[token.text];
    if (value === undefined)
      throw new QueryError(
        token,
        `at character ${token.from + 1}: \`${token.text}\` is no constant; text stands in quotes`,
      );
    return value;
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#next];
  }

  #takes(symbol: string): boolean {
    if (this.#peek()?.text !== symbol) return false;
    this.#next += 1;
    return true;
  }

  #expect(symbol: string): void {
    if (!this.#takes(symbol)) throw this.#wrong(`\`${symbol}\``);
  }

  #wrong(wanted: string): QueryError {
    const token = this.#peek();
    if (token === undefined)
      return new QueryError({ from: this.#end, to: this.#end }, `at the end: ${wanted} is missing`);
    return new QueryError(token, `at character ${token.from + 1}: expected ${wanted}, found \`${token.text}\``);
  }
}

export const textOf = (quoted: string): string => quoted.replace(/^["`]|["`]$/g, "").replaceAll('\\"', '"');

/** Null where the span has none. */
export function fieldOf({ span, trace }: Spanned, field: string): Value {
  const lengthOf = (start: string, end: string) => Number(BigInt(end) - BigInt(start));
  switch (field) {
    case "name":
      return span.name;
    case "status":
      return span.status;
    case "statusMessage":
      return span.status_message;
    case "kind":
      return span.kind;
    case "duration":
      return lengthOf(span.start, span.end);
    case "traceDuration":
      return lengthOf(trace.start, trace.end);
    case "rootName":
      return trace.spans[0]?.name ?? null;
    case "rootServiceName":
      return trace.spans[0]?.service ?? null;
  }
  const [, scope = "", key = ""] = /^([a-z]*)\.(.*)$/.exec(field) ?? [];
  if (scope === "parent") {
    const parent = span.parent === null ? undefined : trace.spans[span.parent];
    return parent === undefined ? null : fieldOf({ span: parent, trace }, `.${key}`);
  }
  const own = scope === "resource" ? [] : span.attributes;
  const resource = scope === "span" ? [] : (trace.resources[span.resource]?.attributes ?? []);
  const found = [...own, ...resource].find(one => one.key === key)?.value;
  if (found === undefined) return null;
  if (found.stringValue !== undefined) return found.stringValue;
  if (found.boolValue !== undefined) return found.boolValue;
  const number = found.intValue ?? found.doubleValue;
  return number === undefined ? null : Number(number);
}

function compared(value: Value, operator: string, wanted: Value): boolean {
  if (wanted === null) return (value === null) === (operator === "=");
  if (value === null) return false;
  if (operator === "=~" || operator === "!~") {
    return typeof value === "string" && new RegExp(`^(?:${wanted})$`).test(value) === (operator === "=~");
  }
  if (typeof value !== typeof wanted) return false;
  switch (operator) {
    case "=":
      return value === wanted;
    case "!=":
      return value !== wanted;
    case "<":
      return value < wanted;
    case "<=":
      return value <= wanted;
    case ">":
      return value > wanted;
    default:
      return value >= wanted;
  }
}

/** Spans that belong together; none where the trace does not match. */
export function evaluate({ steps }: Query, trace: Trace): Found[] {
  let found: Found[] = [{ spans: trace.spans, values: [] }];
  for (const step of steps) {
    found = found.flatMap(of => stepped(step, of, trace)).filter(of => of.spans.length > 0);
  }
  return found;
}

function stepped(step: Step, of: Found, trace: Trace): Found[] {
  switch (step.kind) {
    case "filter":
      return [{ ...of, spans: of.spans.filter(span => step.holds({ span, trace })) }];
    case "select":
      return [of];
    case "by": {
      const parts = new Map<Value, Span[]>();
      for (const span of of.spans) {
        const value = fieldOf({ span, trace }, step.field);
        parts.set(value, [...(parts.get(value) ?? []), span]);
      }
      const key = `by(${step.field})`;
      return [...parts].map(([value, spans]) => ({ spans, values: [...of.values, { key, value: anyValue(value) }] }));
    }
    case "figure": {
      const value = figureOf(step, of.spans, trace);
      if (value === null || !step.holds(value)) return [];
      const key = `${step.name}(${step.of ?? ""})`;
      return [{ ...of, values: [...of.values, { key, value: anyValue(value) }] }];
    }
  }
}

function figureOf(
  { name, of }: Extract<Step, { kind: "figure" }>,
  spans: readonly Span[],
  trace: Trace,
): number | null {
  if (of === null) return spans.length;
  const numbers = spans.map(span => fieldOf({ span, trace }, of)).filter(value => typeof value === "number");
  if (numbers.length === 0) return null;
  const sum = numbers.reduce((all, one) => all + one, 0);
  if (name === "sum") return sum;
  if (name === "avg") return Math.round(sum / numbers.length);
  return name === "min" ? Math.min(...numbers) : Math.max(...numbers);
}

export function anyValue(value: Value): Schemas["AnyValue"] {
  if (value === null) return {};
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
