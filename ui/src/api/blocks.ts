/**
 * Spans as they come over the wire, in blocks of columns: checked column by column, by hand, since a schema takes ten times as long and
 * there may be a hundred thousand. All is checked at once; attributes, events and links become the model's when somebody looks at them.
 */

import { nanos, type Time, time } from "../base/time.ts";
import type { Attribute } from "../model/attribute.ts";
import type { Span, SpanEvent, SpanLink } from "../model/trace.ts";
import { isAttributes, isObject, isValue, toAttributes, toValue, type WireValue } from "./attributes.ts";
import type { components } from "./generated/openapi.ts";

export type WireBlock = components["schemas"]["SpanBlock"];
type Columns = Omit<WireBlock, "since" | "texts">;
type WireEvent = components["schemas"]["SpanEvent"];
type WireLink = components["schemas"]["SpanLink"];

const KINDS: readonly Span["kind"][] = ["unspecified", "internal", "server", "client", "producer", "consumer"];
const STATUSES: readonly Span["status"][] = ["unset", "ok", "error"];
const MARKS: readonly Span["marks"][number][] = [
  "orphan",
  "adopted",
  "cycle_cut",
  "duplicate_removed",
  "unfinished",
  "ends_before_start",
  "async",
  "skew_corrected",
];

type Check = (raw: unknown) => boolean;
type Checks<Of> = readonly (readonly [keyof Of & string, Check])[];

const isText = (raw: unknown): boolean => typeof raw === "string";
const isNumber = (raw: unknown): boolean => typeof raw === "number";
const isIndex = (raw: unknown): boolean => Number.isInteger(raw) && (raw as number) >= 0;
const isDecimal = (raw: unknown): boolean => typeof raw === "string" && /^[0-9]+$/.test(raw);
const isSince = (raw: unknown): boolean => isIndex(raw) || isDecimal(raw);
const isMarks = (raw: unknown): boolean => isListOf(raw, mark => (MARKS as readonly unknown[]).includes(mark));

const EVENT: Checks<WireEvent> = [
  ["time", isDecimal],
  ["name", isText],
  ["attributes", isAttributes],
  ["dropped_attributes", isNumber],
];
const LINK: Checks<WireLink> = [
  ["trace_id", isText],
  ["span_id", isText],
  ["trace_state", isText],
  ["flags", isNumber],
  ["attributes", isAttributes],
  ["dropped_attributes", isNumber],
];

/** What each value of a column must be, and whether the column is always there or left out where all of it is empty. */
function checks(texts: readonly string[]): { readonly [Name in keyof Columns]-?: readonly [Check, "always" | "some"] } {
  const isPlace = (raw: unknown) => isIndex(raw) && (raw as number) < texts.length;
  const isPlaceOrNull = (raw: unknown) => raw === null || isPlace(raw);
  const isOneOf = (words: readonly string[]) => {
    const places = new Set(texts.flatMap((word, place) => (words.includes(word) ? [place] : [])));
    return (raw: unknown) => places.has(raw as number);
  };
  const isPair = (raw: unknown) =>
    Array.isArray(raw) && raw.length === 2 && isPlace(raw[0]) && (isPlace(raw[1]) || isValue(raw[1]));
  return {
    trace_id: [isPlace, "always"],
    span_id: [isText, "always"],
    parent_span_id: [raw => raw === null || isText(raw), "some"],
    parent: [raw => raw === null || isIndex(raw), "always"],
    depth: [isIndex, "always"],
    name: [isPlace, "always"],
    service: [isPlace, "always"],
    kind: [isOneOf(KINDS), "always"],
    start: [isSince, "always"],
    end: [isSince, "always"],
    status: [isOneOf(STATUSES), "always"],
    status_message: [isPlaceOrNull, "some"],
    phase: [isPlaceOrNull, "some"],
    request_id: [isPlaceOrNull, "some"],
    sandbox_id: [isPlaceOrNull, "some"],
    self_time: [isSince, "always"],
    critical_time: [isSince, "always"],
    marks: [isMarks, "some"],
    attributes: [raw => isListOf(raw, isPair), "some"],
    events: [raw => isListOf(raw, one => isAll(one, EVENT)), "some"],
    links: [raw => isListOf(raw, one => isAll(one, LINK)), "some"],
    resource: [isIndex, "always"],
    scope: [isIndex, "always"],
    trace_state: [isPlaceOrNull, "some"],
    flags: [isNumber, "some"],
    dropped_attributes: [isNumber, "some"],
    dropped_events: [isNumber, "some"],
    dropped_links: [isNumber, "some"],
  };
}

const isListOf = (raw: unknown, check: Check): boolean => Array.isArray(raw) && raw.every(check);

function isAll<Of>(raw: unknown, all: Checks<Of>): boolean {
  return isObject(raw) && all.every(([key, check]) => check(raw[key]));
}

/** What of a block is not as promised; null where all is. */
export function blockProblem(raw: unknown): string | null {
  if (!isObject(raw)) return "expected a block of spans";
  const { since, texts, span_id } = raw;
  if (!isDecimal(since)) return "a block's since is not as promised";
  if (!isListOf(texts, isText)) return "a block's texts are not as promised";
  const length = Array.isArray(span_id) ? span_id.length : 0;
  for (const [name, [check, presence]] of Object.entries(checks(texts as string[]))) {
    const column = raw[name];
    if (column === undefined && presence === "some") continue;
    if (!isListOf(column, check) || (column as unknown[]).length !== length) {
      return `a span's ${name} is not as promised`;
    }
  }
  return null;
}

/** Whether it is a critical path by columns. */
export function isPath(raw: unknown): boolean {
  if (!isObject(raw)) return false;
  const { since, span, start, end } = raw;
  const length = Array.isArray(span) ? span.length : 0;
  const isColumn = (column: unknown) => isListOf(column, isSince) && (column as unknown[]).length === length;
  return isDecimal(since) && isListOf(span, isIndex) && isColumn(start) && isColumn(end);
}

/** The spans of a block. Throws where it is not as promised. */
export function readBlock(raw: unknown): readonly Span[] {
  const problem = blockProblem(raw);
  if (problem !== null) throw new Error(problem);
  const block = raw as WireBlock;
  const since = time(BigInt(block.since));
  return block.span_id.map((_, row) => new ReadSpan(block, since, row));
}

/** The moment that a column tells. */
export function timeSince(since: Time, length: number | string): Time {
  return time(since + BigInt(length));
}

const NONE: readonly never[] = [];

/** Equal to a plain span, property by property. */
class ReadSpan implements Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly parent: number | null;
  readonly depth: number;
  readonly name: string;
  readonly service: string;
  readonly kind: Span["kind"];
  readonly start: Span["start"];
  readonly end: Span["end"];
  readonly status: Span["status"];
  readonly statusMessage: string;
  readonly phase: string;
  readonly requestId: string | null;
  readonly sandboxId: string | null;
  readonly selfTime: Span["selfTime"];
  readonly criticalTime: Span["criticalTime"];
  readonly marks: Span["marks"];
  readonly resource: number;
  readonly scope: number;
  readonly traceState: string;
  readonly flags: number;
  readonly droppedAttributes: number;
  readonly droppedEvents: number;
  readonly droppedLinks: number;
  readonly #block: WireBlock;
  readonly #row: number;
  #attributes: readonly Attribute[] | undefined;
  #events: readonly SpanEvent[] | undefined;
  #links: readonly SpanLink[] | undefined;

  constructor(block: WireBlock, since: Time, row: number) {
    const { texts } = block;
    // Every place and length was checked with the block.
    const at = <Value>(column: readonly Value[]): Value => column[row] as Value;
    const text = (column: readonly number[]): string => texts[at(column)] as string;
    const textOrNull = (column: readonly (number | null)[] | undefined): string | null => {
      const place = column === undefined ? null : at(column);
      return place === null ? null : (texts[place] as string);
    };
    this.traceId = text(block.trace_id);
    this.spanId = at(block.span_id);
    this.parentSpanId = block.parent_span_id === undefined ? null : at(block.parent_span_id);
    this.parent = at(block.parent);
    this.depth = at(block.depth);
    this.name = text(block.name);
    this.service = text(block.service);
    this.kind = text(block.kind) as Span["kind"];
    this.start = timeSince(since, at(block.start));
    this.end = timeSince(since, at(block.end));
    this.status = text(block.status) as Span["status"];
    this.statusMessage = textOrNull(block.status_message) ?? "";
    this.phase = textOrNull(block.phase) ?? "";
    this.requestId = textOrNull(block.request_id);
    this.sandboxId = textOrNull(block.sandbox_id);
    this.selfTime = nanos(BigInt(at(block.self_time)));
    this.criticalTime = nanos(BigInt(at(block.critical_time)));
    this.marks = block.marks === undefined ? NONE : at(block.marks);
    this.resource = at(block.resource);
    this.scope = at(block.scope);
    this.traceState = textOrNull(block.trace_state) ?? "";
    this.flags = block.flags === undefined ? 0 : at(block.flags);
    this.droppedAttributes = block.dropped_attributes === undefined ? 0 : at(block.dropped_attributes);
    this.droppedEvents = block.dropped_events === undefined ? 0 : at(block.dropped_events);
    this.droppedLinks = block.dropped_links === undefined ? 0 : at(block.dropped_links);
    this.#block = block;
    this.#row = row;
  }

  get attributes(): readonly Attribute[] {
    const { texts } = this.#block;
    const value = (told: number | WireValue) =>
      typeof told === "number" ? ({ kind: "string", value: texts[told] as string } as const) : toValue(told);
    this.#attributes ??= (this.#block.attributes?.[this.#row] ?? NONE).map(([key, told]) => ({
      key: texts[key as number] as string,
      value: value(told as number | WireValue),
    }));
    return this.#attributes;
  }

  get events(): readonly SpanEvent[] {
    this.#events ??= (this.#block.events?.[this.#row] ?? NONE).map(one => ({
      time: time(BigInt(one.time)),
      name: one.name,
      attributes: toAttributes(one.attributes),
      droppedAttributes: one.dropped_attributes,
    }));
    return this.#events;
  }

  get links(): readonly SpanLink[] {
    this.#links ??= (this.#block.links?.[this.#row] ?? NONE).map(one => ({
      traceId: one.trace_id,
      spanId: one.span_id,
      traceState: one.trace_state,
      flags: one.flags,
      attributes: toAttributes(one.attributes),
      droppedAttributes: one.dropped_attributes,
    }));
    return this.#links;
  }
}
