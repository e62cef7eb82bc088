/** A made-up answer as the API writes it: where that is asked, with spans in blocks of columns, each in a line. */

import type { components } from "../src/api/generated/openapi.ts";

type Schemas = components["schemas"];
type Span = Schemas["Span"];
type Block = Schemas["SpanBlock"];
type Place = number | null;

const BLOCK = 1_000;
const OPENS = '"blocks":[';

/** What is sent of a body. */
export function written(body: unknown, { searchParams }: URL): string {
  return searchParams.get("spans") === "blocks" ? inLines(inBlocks(body)) : JSON.stringify(body);
}

/** With the trace that it is, or holds, in blocks. */
export function inBlocks(body: unknown): unknown {
  if (typeof body !== "object" || body === null) return body;
  if ("trace" in body) return { ...body, trace: inBlocks(body.trace) };
  return "spans" in body && "critical_path" in body ? traceInBlocks(body as Schemas["Trace"]) : body;
}

export function traceInBlocks({ spans, critical_path, ...around }: Schemas["Trace"]): Schemas["TraceInBlocks"] {
  const since = around.start;
  const blocks: Block[] = [];
  for (let from = 0; from < spans.length; from += BLOCK) blocks.push(blockOf(spans.slice(from, from + BLOCK), since));
  return {
    ...around,
    blocks,
    critical_path: {
      since,
      span: critical_path.map(one => one.span),
      start: critical_path.map(one => lengthSince(one.start, since)),
      end: critical_path.map(one => lengthSince(one.end, since)),
    },
  };
}

export function blockOf(spans: readonly Span[], since: string): Block {
  const texts = new Map<string, number>();
  const place = (text: string): number => {
    const known = texts.get(text) ?? texts.size;
    texts.set(text, known);
    return known;
  };
  const places = (text: (span: Span) => string): number[] => spans.map(span => place(text(span)));
  const some = (text: (span: Span) => string | null): Place[] | undefined =>
    unless(
      spans.map(text).map(one => (one === null || one === "" ? null : place(one))),
      one => one === null,
    );
  const lists = <Item>(list: (span: Span) => Item[]): Item[][] | undefined =>
    unless(spans.map(list), one => one.length === 0);
  const counts = (count: (span: Span) => number): number[] | undefined => unless(spans.map(count), one => one === 0);
  const columns = {
    trace_id: places(span => span.trace_id),
    span_id: spans.map(span => span.span_id),
    parent_span_id: unless(
      spans.map(span => span.parent_span_id),
      one => one === null,
    ),
    parent: spans.map(span => span.parent),
    depth: spans.map(span => span.depth),
    name: places(span => span.name),
    service: places(span => span.service),
    kind: places(span => span.kind),
    start: spans.map(span => lengthSince(span.start, since)),
    end: spans.map(span => lengthSince(span.end, since)),
    status: places(span => span.status),
    status_message: some(span => span.status_message),
    phase: some(span => span.phase),
    request_id: some(span => span.request_id),
    sandbox_id: some(span => span.sandbox_id),
    self_time: spans.map(span => lengthSince(span.self_time, "0")),
    critical_time: spans.map(span => lengthSince(span.critical_time, "0")),
    marks: lists(span => span.marks),
    attributes: lists(span =>
      span.attributes.map(({ key, value }) => [
        place(key),
        value.stringValue === undefined ? value : place(value.stringValue),
      ]),
    ),
    events: lists(span => span.events),
    links: lists(span => span.links),
    resource: spans.map(span => span.resource),
    scope: spans.map(span => span.scope),
    trace_state: some(span => span.trace_state),
    flags: counts(span => span.flags),
    dropped_attributes: counts(span => span.dropped_attributes),
    dropped_events: counts(span => span.dropped_events),
    dropped_links: counts(span => span.dropped_links),
  };
  const told = Object.entries(columns).filter(([, column]) => column !== undefined);
  return { since, texts: [...texts.keys()], ...Object.fromEntries(told) } as Block;
}

/** A column that is left out where all of it is empty. */
function unless<Value>(column: Value[], isEmpty: (value: Value) => boolean): Value[] | undefined {
  return column.every(isEmpty) ? undefined : column;
}

function lengthSince(time: string, since: string): number | string {
  const length = BigInt(time) - BigInt(since);
  return length <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(length) : String(length);
}

function inLines(body: unknown): string {
  const blocks: string[] = [];
  const around = JSON.stringify(body, (key, value: unknown) => {
    if (key !== "blocks" || !Array.isArray(value)) return value;
    blocks.push(...value.map(block => JSON.stringify(block)));
    return [];
  });
  return blocks.length === 0 ? around : around.replace(OPENS, () => `${OPENS}\n${blocks.join(",\n")}\n`);
}
