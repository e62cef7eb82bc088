/**
 * Spans as they come over the wire, checked and parsed by hand: a schema takes ten times as long, and there may be a
 * hundred thousand. All is checked at once; attributes, events and links become the model's when somebody looks at them.
 */

import { nanos, time } from "../base/time.ts";
import type { Attribute } from "../model/attribute.ts";
import type { Span, SpanEvent, SpanLink } from "../model/trace.ts";
import { isAttributes, isObject, toAttributes } from "./attributes.ts";
import type { components } from "./generated/openapi.ts";

type WireSpan = components["schemas"]["Span"];

const KINDS = ["unspecified", "internal", "server", "client", "producer", "consumer"];
const STATUSES = ["unset", "ok", "error"];
const MARKS = [
  "orphan",
  "adopted",
  "cycle_cut",
  "duplicate_removed",
  "unfinished",
  "ends_before_start",
  "async",
  "skew_corrected",
];

const isText = (raw: unknown): boolean => typeof raw === "string";
const isTextOrNull = (raw: unknown): boolean => raw === null || typeof raw === "string";
const isNumber = (raw: unknown): boolean => typeof raw === "number";
export const isDecimal = (raw: unknown): boolean => typeof raw === "string" && /^-?[0-9]+$/.test(raw);

type Check = (raw: unknown) => boolean;
type Checks<Of> = readonly (readonly [keyof Of & string, Check])[];

const EVENT: Checks<WireSpan["events"][number]> = [
  ["time", isDecimal],
  ["name", isText],
  ["attributes", isAttributes],
  ["dropped_attributes", isNumber],
];

const LINK: Checks<WireSpan["links"][number]> = [
  ["trace_id", isText],
  ["span_id", isText],
  ["trace_state", isText],
  ["flags", isNumber],
  ["attributes", isAttributes],
  ["dropped_attributes", isNumber],
];

const SPAN: Checks<WireSpan> = [
  ["trace_id", isText],
  ["span_id", isText],
  ["parent_span_id", isTextOrNull],
  ["parent", raw => raw === null || typeof raw === "number"],
  ["depth", isNumber],
  ["name", isText],
  ["service", isText],
  ["kind", raw => KINDS.includes(raw as string)],
  ["start", isDecimal],
  ["end", isDecimal],
  ["status", raw => STATUSES.includes(raw as string)],
  ["status_message", isText],
  ["phase", isText],
  ["request_id", isTextOrNull],
  ["sandbox_id", isTextOrNull],
  ["self_time", isDecimal],
  ["critical_time", isDecimal],
  ["marks", raw => Array.isArray(raw) && raw.every(mark => MARKS.includes(mark))],
  ["attributes", isAttributes],
  ["events", raw => isListOf(raw, EVENT)],
  ["links", raw => isListOf(raw, LINK)],
  ["resource", isNumber],
  ["scope", isNumber],
  ["trace_state", isText],
  ["flags", isNumber],
  ["dropped_attributes", isNumber],
  ["dropped_events", isNumber],
  ["dropped_links", isNumber],
];

function isListOf<Of>(raw: unknown, checks: Checks<Of>): boolean {
  return Array.isArray(raw) && raw.every(one => isObject(one) && checks.every(([key, check]) => check(one[key])));
}

/** What of a span is not as promised; null where all is. */
export function spanProblem(raw: unknown): string | null {
  if (!isObject(raw)) return "expected a span";
  for (const [key, check] of SPAN) if (!check(raw[key])) return `a span's ${key} is not as promised`;
  return null;
}

export function toSpan(wire: WireSpan): Span {
  return new ReadSpan(wire);
}

/** All of them, where some may have been read before. Throws on one that is not as promised. */
export function readSpans(wire: readonly unknown[]): readonly Span[] {
  return wire.map(one => {
    if (one instanceof ReadSpan) return one;
    const problem = spanProblem(one);
    if (problem !== null) throw new Error(problem);
    return toSpan(one as WireSpan);
  });
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
  readonly #wire: Pick<WireSpan, "attributes" | "events" | "links">;
  #attributes: readonly Attribute[] | undefined;
  #events: readonly SpanEvent[] | undefined;
  #links: readonly SpanLink[] | undefined;

  constructor(wire: WireSpan) {
    this.traceId = wire.trace_id;
    this.spanId = wire.span_id;
    this.parentSpanId = wire.parent_span_id;
    this.parent = wire.parent;
    this.depth = wire.depth;
    this.name = wire.name;
    this.service = wire.service;
    this.kind = wire.kind;
    this.start = time(BigInt(wire.start));
    this.end = time(BigInt(wire.end));
    this.status = wire.status;
    this.statusMessage = wire.status_message;
    this.phase = wire.phase;
    this.requestId = wire.request_id;
    this.sandboxId = wire.sandbox_id;
    this.selfTime = nanos(BigInt(wire.self_time));
    this.criticalTime = nanos(BigInt(wire.critical_time));
    this.marks = wire.marks;
    this.resource = wire.resource;
    this.scope = wire.scope;
    this.traceState = wire.trace_state;
    this.flags = wire.flags;
    this.droppedAttributes = wire.dropped_attributes;
    this.droppedEvents = wire.dropped_events;
    this.droppedLinks = wire.dropped_links;
    this.#wire = wire;
  }

  get attributes(): readonly Attribute[] {
    this.#attributes ??= toAttributes(this.#wire.attributes);
    return this.#attributes;
  }

  get events(): readonly SpanEvent[] {
    if (this.#wire.events.length === 0) return NONE;
    this.#events ??= this.#wire.events.map(one => ({
      time: time(BigInt(one.time)),
      name: one.name,
      attributes: toAttributes(one.attributes),
      droppedAttributes: one.dropped_attributes,
    }));
    return this.#events;
  }

  get links(): readonly SpanLink[] {
    if (this.#wire.links.length === 0) return NONE;
    this.#links ??= this.#wire.links.map(one => ({
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
