/** Spans in OTLP's JSON form, as they can be sent to any backend: what came in, without what was told of it here. */

import type { AnyValue, Attribute } from "./attribute.ts";
import type { Span, SpanKind, SpanStatus, Trace } from "./trace.ts";

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

const KINDS: readonly SpanKind[] = ["unspecified", "internal", "server", "client", "producer", "consumer"];
const STATUSES: readonly SpanStatus[] = ["unset", "ok", "error"];

/** `ExportTraceServiceRequest` with some spans of a trace, each below its resource and its scope. */
export function otlpOf(
  trace: Pick<Trace, "resources" | "scopes">,
  chosen: readonly Span[],
): { readonly [key: string]: Json } {
  const resources = new Map<number, Map<number, Json[]>>();
  for (const span of chosen) {
    const scopes = resources.get(span.resource) ?? new Map<number, Json[]>();
    resources.set(span.resource, scopes);
    const spans = scopes.get(span.scope) ?? [];
    scopes.set(span.scope, spans);
    spans.push(spanOf(span));
  }
  return {
    resourceSpans: [...resources].map(([resource, scopes]) => {
      const known = trace.resources[resource];
      return {
        resource: {
          attributes: attributesOf(known?.attributes ?? []),
          ...dropped("Attributes", known?.droppedAttributes),
        },
        scopeSpans: [...scopes].map(([scope, spans]) => {
          const {
            name = "",
            version = "",
            attributes = [],
            droppedAttributes,
            schemaUrl = "",
          } = trace.scopes[scope] ?? {};
          return {
            scope: { name, version, attributes: attributesOf(attributes), ...dropped("Attributes", droppedAttributes) },
            spans,
            ...(schemaUrl !== "" && { schemaUrl }),
          };
        }),
        ...(known !== undefined && known.schemaUrl !== "" && { schemaUrl: known.schemaUrl }),
      };
    }),
  };
}

function spanOf(span: Span): Json {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentSpanId !== null && { parentSpanId: span.parentSpanId }),
    ...(span.traceState !== "" && { traceState: span.traceState }),
    ...(span.flags !== 0 && { flags: span.flags }),
    name: span.name,
    kind: KINDS.indexOf(span.kind),
    startTimeUnixNano: String(span.start),
    endTimeUnixNano: String(span.end),
    attributes: attributesOf(span.attributes),
    ...dropped("Attributes", span.droppedAttributes),
    events: span.events.map(event => ({
      timeUnixNano: String(event.time),
      name: event.name,
      attributes: attributesOf(event.attributes),
      ...dropped("Attributes", event.droppedAttributes),
    })),
    ...dropped("Events", span.droppedEvents),
    links: span.links.map(link => ({
      traceId: link.traceId,
      spanId: link.spanId,
      ...(link.traceState !== "" && { traceState: link.traceState }),
      ...(link.flags !== 0 && { flags: link.flags }),
      attributes: attributesOf(link.attributes),
      ...dropped("Attributes", link.droppedAttributes),
    })),
    ...dropped("Links", span.droppedLinks),
    status: {
      ...(span.status !== "unset" && { code: STATUSES.indexOf(span.status) }),
      ...(span.statusMessage !== "" && { message: span.statusMessage }),
    },
  };
}

const dropped = (what: string, count = 0): { readonly [key: string]: Json } =>
  count === 0 ? {} : { [`dropped${what}Count`]: count };

export const attributesOf = (attributes: readonly Attribute[]): Json[] =>
  attributes.map(({ key, value }) => ({ key, value: jsonOf(value) }));

function jsonOf(value: AnyValue): Json {
  switch (value.kind) {
    case "empty":
      return {};
    case "string":
      return { stringValue: value.value };
    case "bool":
      return { boolValue: value.value };
    case "int":
      return { intValue: String(value.value) };
    case "double":
      return { doubleValue: Number.isFinite(value.value) ? value.value : String(value.value) };
    case "bytes":
      return { bytesValue: value.value };
    case "array":
      return { arrayValue: { values: value.value.map(jsonOf) } };
    case "map":
      return { kvlistValue: { values: attributesOf(value.value) } };
  }
}
