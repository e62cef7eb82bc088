/** Builds traces in the API's form: spans in milliseconds, put into order, with their critical path. */

import type { components } from "../src/api/generated/openapi.ts";
import { Random } from "./random.ts";

type Schemas = components["schemas"];
export type Invocation = Schemas["Invocation"];
export type Span = Schemas["Span"];
export type Trace = Schemas["Trace"];
export type Log = Schemas["Log"];
type Finding = Schemas["Finding"];
type Attribute = Schemas["Attribute"];

export type Plain = string | number | boolean;

export interface SpanPlan {
  readonly name: string;
  readonly service: string;
  /** Milliseconds since the journey's start. */
  readonly start: number;
  readonly length: number;
  readonly parent?: Planned;
  readonly kind?: Span["kind"];
  readonly phase?: string;
  readonly status?: Span["status"];
  readonly message?: string;
  readonly marks?: Span["marks"];
  readonly request?: Invocation;
  readonly attributes?: Readonly<Record<string, Plain>>;
  readonly exception?: { readonly type: string; readonly message: string; readonly stack: string };
  readonly links?: readonly Planned[];
}

export interface Planned extends SpanPlan {
  readonly id: string;
  readonly children: Planned[];
}

export interface FindingPlan {
  readonly kind: Finding["kind"];
  readonly title: string;
  readonly text: string;
  readonly about: Planned;
  readonly shown: readonly Planned[];
  /** Milliseconds. */
  readonly gain: number;
  readonly confidence?: Finding["confidence"];
}

export class Journey {
  readonly invocations: Invocation[] = [];
  readonly #random: Random;
  readonly #start: bigint;
  readonly #traceId: string;
  readonly #roots: Planned[] = [];
  readonly #warnings: string[] = [];
  readonly #findings: FindingPlan[] = [];
  #end = 0;

  constructor(start: bigint, seed: number) {
    this.#start = start;
    this.#random = new Random(seed);
    this.#traceId = this.#random.hex(32);
  }

  get traceId(): string {
    return this.#traceId;
  }

  at(millis: number): string {
    return String(this.#start + nanos(millis));
  }

  add(plan: SpanPlan): Planned {
    const planned: Planned = { ...plan, id: this.#random.hex(16), children: [] };
    (plan.parent?.children ?? this.#roots).push(planned);
    this.#end = Math.max(this.#end, plan.start + plan.length);
    return planned;
  }

  find(plan: FindingPlan): void {
    this.#findings.push(plan);
  }

  warn(text: string): void {
    this.#warnings.push(text);
  }

  trace(): Trace {
    const order: Planned[] = [];
    const placed = new Map<Planned, { index: number; parent: number | null; depth: number }>();
    const place = (span: Planned, parent: number | null, depth: number) => {
      placed.set(span, { index: order.length, parent, depth });
      order.push(span);
      const index = order.length - 1;
      for (const child of inTime(span.children)) place(child, index, depth + 1);
    };
    for (const root of inTime(this.#roots)) place(root, null, 0);
    const sections = inTime(this.#roots).flatMap(root => criticalPath(root, root.start + root.length));
    const critical = new Map<Planned, number>();
    for (const { span, start, end } of sections) critical.set(span, (critical.get(span) ?? 0) + end - start);
    const services = [...new Set(order.map(span => span.service))];
    const first = Math.min(...order.map(span => span.start), 0);
    return {
      trace_ids: [this.#traceId],
      request_ids: this.invocations.map(one => one.request_id),
      start: this.at(first),
      end: this.at(this.#end),
      spans: order.map(span => {
        const { parent, depth } = placed.get(span) ?? { parent: null, depth: 0 };
        return this.#span(span, parent, depth, critical.get(span) ?? 0, services.indexOf(span.service));
      }),
      spans_total: order.length,
      folds: [],
      invocations: this.invocations,
      hops: this.invocations.map((one, place) => ({
        request_id: one.request_id,
        span: null,
        cause: null,
        // What a queue delivers lay in it.
        waited: place > 0 && one.trigger === "pubsub" ? String(nanos(180)) : null,
        attempt: 1,
        attempts: 1,
      })),
      resources: services.map(service => ({
        attributes: attributes({ "service.name": service, "cloud.provider": "aws", "faas.name": service }),
        dropped_attributes: 0,
        schema_url: "",
      })),
      scopes: [
        {
          name: "opentelemetry.instrumentation.requests",
          version: "0.62b0",
          attributes: [],
          dropped_attributes: 0,
          schema_url: "",
        },
      ],
      critical_path: sections
        .map(({ span, start, end }) => ({
          span: placed.get(span)?.index ?? 0,
          start: this.at(start),
          end: this.at(end),
        }))
        .sort((left, right) => Number(BigInt(left.start) - BigInt(right.start))),
      findings: this.#findings
        .toSorted((left, right) => right.gain - left.gain)
        .map(({ kind, title, text, about, shown, gain, confidence }) => ({
          kind,
          title,
          text,
          span: placed.get(about)?.index ?? 0,
          evidence: shown.map(one => placed.get(one)?.index ?? 0),
          evidence_total: shown.length,
          gain: String(nanos(gain)),
          confidence: confidence ?? "high",
        })),
      warnings: this.#warnings,
    };
  }

  #span(span: Planned, parent: number | null, depth: number, critical: number, resource: number): Span {
    const end = span.start + span.length;
    const { exception } = span;
    return {
      trace_id: this.#traceId,
      span_id: span.id,
      parent_span_id: span.parent?.id ?? null,
      parent,
      depth,
      name: span.name,
      service: span.service,
      kind: span.kind ?? "internal",
      start: this.at(span.start),
      end: this.at(end),
      status: span.status ?? "unset",
      status_message: span.message ?? "",
      phase: span.phase ?? "",
      request_id: span.request?.request_id ?? null,
      sandbox_id: span.request?.sandbox_id ?? null,
      self_time: String(nanos(selfTime(span))),
      critical_time: String(nanos(critical)),
      marks: [...(span.marks ?? [])],
      attributes: attributes(span.attributes ?? {}),
      events:
        exception === undefined
          ? []
          : [
              {
                time: this.at(end - 1),
                name: "exception",
                attributes: attributes({
                  "exception.type": exception.type,
                  "exception.message": exception.message,
                  "exception.stacktrace": exception.stack,
                }),
                dropped_attributes: 0,
              },
            ],
      links: (span.links ?? []).map(linked => ({
        trace_id: this.#traceId,
        span_id: linked.id,
        trace_state: "",
        flags: 1,
        attributes: attributes({ "messaging.message.id": "5f1c" }),
        dropped_attributes: 0,
      })),
      resource,
      scope: 0,
      trace_state: "",
      flags: 1,
      dropped_attributes: 0,
      dropped_events: 0,
      dropped_links: 0,
    };
  }
}

export const nanos = (millis: number): bigint => BigInt(Math.round(millis * 1e6));

export function attributes(plain: Readonly<Record<string, Plain>>): Attribute[] {
  return Object.entries(plain).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: Plain): Schemas["AnyValue"] {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

function inTime(spans: readonly Planned[]): Planned[] {
  return [...spans].sort((left, right) => left.start - right.start);
}

function selfTime(span: Planned): number {
  let covered = 0;
  let until = span.start;
  for (const child of inTime(span.children)) {
    const end = Math.min(child.start + child.length, span.start + span.length);
    if (end > until) {
      covered += end - Math.max(until, child.start);
      until = end;
    }
  }
  return Math.max(0, span.length - covered);
}

interface Section {
  readonly span: Planned;
  readonly start: number;
  readonly end: number;
}

/** From the end backwards: what ended last was waited for. */
function criticalPath(span: Planned, end: number): Section[] {
  const sections: Section[] = [];
  let until = Math.min(end, span.start + span.length);
  const lastFirst = [...span.children].sort((left, right) => right.start + right.length - left.start - left.length);
  for (const child of lastFirst) {
    const childEnd = Math.min(child.start + child.length, until);
    if (child.start >= until || childEnd <= span.start) continue;
    if (child.start + child.length > span.start + span.length) continue;
    if (childEnd < until) sections.push({ span, start: childEnd, end: until });
    sections.push(...criticalPath(child, childEnd));
    until = Math.max(child.start, span.start);
  }
  if (until > span.start) sections.push({ span, start: span.start, end: until });
  return sections;
}
