/** A span as the API tells it: what parses back into the same. */

import { attributesOf } from "../model/otlp.ts";
import type { Span } from "../model/trace.ts";
import type { components } from "./generated/openapi.ts";

type WireSpan = components["schemas"]["Span"];
type WireAttributes = WireSpan["attributes"];

export function printSpan(span: Span): WireSpan {
  const attributes = (of: Span["attributes"]) => attributesOf(of) as WireAttributes;
  return {
    trace_id: span.traceId,
    span_id: span.spanId,
    parent_span_id: span.parentSpanId,
    parent: span.parent,
    depth: span.depth,
    name: span.name,
    service: span.service,
    kind: span.kind,
    start: String(span.start),
    end: String(span.end),
    status: span.status,
    status_message: span.statusMessage,
    phase: span.phase,
    request_id: span.requestId,
    sandbox_id: span.sandboxId,
    self_time: String(span.selfTime),
    critical_time: String(span.criticalTime),
    marks: [...span.marks],
    attributes: attributes(span.attributes),
    events: span.events.map(event => ({
      time: String(event.time),
      name: event.name,
      attributes: attributes(event.attributes),
      dropped_attributes: event.droppedAttributes,
    })),
    links: span.links.map(link => ({
      trace_id: link.traceId,
      span_id: link.spanId,
      trace_state: link.traceState,
      flags: link.flags,
      attributes: attributes(link.attributes),
      dropped_attributes: link.droppedAttributes,
    })),
    resource: span.resource,
    scope: span.scope,
    trace_state: span.traceState,
    flags: span.flags,
    dropped_attributes: span.droppedAttributes,
    dropped_events: span.droppedEvents,
    dropped_links: span.droppedLinks,
  };
}
