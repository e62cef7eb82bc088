// Exports spans with OpenTelemetry's SDK over HTTP with JSON and prints, as one JSON object, what the SDK itself says they were.
//
// `client.mjs --endpoint URL --traces N --spans N`. The description is taken from the SDK's own objects, not from the bytes on
// the wire, in the form in which Coldtrace's API gives spans.
//
// With `--seconds N` it exports one trace after the other for so long, and prints what the exporter said became of each.
import { createRequire } from "node:module";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({
  options: {
    endpoint: { type: "string" },
    packages: { type: "string" },
    traces: { type: "string", default: "10" },
    spans: { type: "string", default: "100" },
    seconds: { type: "string", default: "0" },
    // Seconds that an export may take, retries included.
    timeout: { type: "string", default: "10" },
  },
});
// The packages stand in a cache folder, where the resolution of `import` does not look.
const require = createRequire(`${options.packages}/`);
const { context, createTraceState, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } = require("@opentelemetry/api");
const { OTLPTraceExporter } = require("@opentelemetry/exporter-trace-otlp-http");
const { resourceFromAttributes } = require("@opentelemetry/resources");
const { BasicTracerProvider, BatchSpanProcessor } = require("@opentelemetry/sdk-trace-base");

const KINDS = [SpanKind.INTERNAL, SpanKind.SERVER, SpanKind.CLIENT, SpanKind.PRODUCER, SpanKind.CONSUMER];
const KIND_NAMES = ["internal", "server", "client", "producer", "consumer"];
const STATUS_NAMES = ["unset", "ok", "error"];
// Every type of attribute that the SDK takes, with the values at its edges.
const ATTRIBUTES = {
  text: "grüße, 世界 ☃",
  "text.empty": "",
  true: true,
  false: false,
  int: 42,
  "int.zero": 0,
  "int.max": Number.MAX_SAFE_INTEGER,
  "int.min": Number.MIN_SAFE_INTEGER,
  double: 0.1,
  "double.tiny": 5e-324,
  texts: ["a", "", "c"],
  truths: [true, false],
  ints: [1, -2, 3],
  doubles: [1.5, -2.5],
  "none of them": [],
};

let recorded = [];
const recorder = {
  onStart() {},
  onEnd: (span) => recorded.push(span),
  forceFlush: async () => {},
  shutdown: async () => {},
};
const exporter = new OTLPTraceExporter({
  url: `${options.endpoint}/v1/traces`,
  timeoutMillis: Number(options.timeout) * 1_000,
});
const isLoad = Number(options.seconds) > 0;
const provider = new BasicTracerProvider({
  resource: resourceFromAttributes({ "service.name": "sdk-node", int: 7, texts: ["x", "y"] }),
  spanProcessors: isLoad ? [recorder] : [recorder, new BatchSpanProcessor(exporter, { maxQueueSize: 100_000 })],
});
const tracer = provider.getTracer("sdk-test", "1.2.3", { schemaUrl: "https://opentelemetry.io/schemas/1.30.0" });

if (isLoad) {
  console.log(JSON.stringify({ exports: await exportFor(Number(options.seconds)) }));
} else {
  for (let number = 0; number < Number(options.traces); number += 1) makeTrace(number);
  await provider.forceFlush();
  await provider.shutdown();
  console.log(JSON.stringify({ spans: recorded.map(describe) }));
}

async function exportFor(seconds) {
  const exports = [];
  const until = performance.now() + seconds * 1_000;
  while (performance.now() < until) {
    makeTrace(exports.length);
    const batch = recorded;
    recorded = [];
    const began = performance.now();
    const { code } = await new Promise((resolve) => exporter.export(batch, resolve));
    exports.push({
      trace_id: batch[0].spanContext().traceId,
      is_taken: code === 0,
      seconds: (performance.now() - began) / 1_000,
    });
  }
  return exports;
}

// A root and its children, each child under the one before or under the root.
function makeTrace(number) {
  const root = tracer.startSpan(`root ${number}`, { kind: SpanKind.SERVER }, ROOT_CONTEXT);
  let parent = root;
  for (let index = 1; index < Number(options.spans); index += 1) {
    parent = makeSpan(index % 3 ? parent : root, root, index);
  }
  root.end();
}

function makeSpan(parent, root, index) {
  const links = [];
  if (index % 5 === 0) links.push({ context: root.spanContext(), attributes: { reason: "retry", attempt: index } });
  if (index % 10 === 0) {
    const remote = {
      traceId: index.toString(16).padStart(32, "a"),
      spanId: index.toString(16).padStart(16, "b"),
      traceFlags: 1,
      isRemote: true,
      traceState: createTraceState("vendor=value"),
    };
    links.push({ context: remote, attributes: ATTRIBUTES });
  }
  const under = trace.setSpan(context.active(), parent);
  const span = tracer.startSpan(`span ${index}`, { kind: KINDS[index % KINDS.length], links, attributes: ATTRIBUTES }, under);
  span.setAttribute("index", index);
  if (index % 4 === 0) {
    span.addEvent("tick", ATTRIBUTES);
    span.addEvent("tock");
  }
  if (index % 7 === 0) span.setStatus({ code: SpanStatusCode.ERROR, message: "it broke" });
  else if (index % 7 === 1) span.setStatus({ code: SpanStatusCode.OK });
  span.end();
  return span;
}

function describe(span) {
  const own = span.spanContext();
  return {
    trace_id: own.traceId,
    span_id: own.spanId,
    parent_span_id: span.parentSpanContext?.spanId ?? null,
    trace_state: own.traceState?.serialize() ?? "",
    name: span.name,
    kind: KIND_NAMES[span.kind],
    start: nanos(span.startTime),
    end: nanos(span.endTime),
    status: STATUS_NAMES[span.status.code],
    status_message: span.status.message ?? "",
    attributes: attributes(span.attributes),
    events: span.events.map((event) => ({
      time: nanos(event.time),
      name: event.name,
      attributes: attributes(event.attributes),
      dropped_attributes: event.droppedAttributesCount ?? 0,
    })),
    links: span.links.map((link) => ({
      trace_id: link.context.traceId,
      span_id: link.context.spanId,
      trace_state: link.context.traceState?.serialize() ?? "",
      attributes: attributes(link.attributes),
      dropped_attributes: link.droppedAttributesCount ?? 0,
    })),
    resource: { attributes: attributes(span.resource.attributes), dropped_attributes: 0, schema_url: span.resource.schemaUrl ?? "" },
    scope: {
      name: span.instrumentationScope.name,
      version: span.instrumentationScope.version,
      attributes: [],
      dropped_attributes: 0,
      schema_url: span.instrumentationScope.schemaUrl,
    },
    dropped_attributes: span.droppedAttributesCount,
    dropped_events: span.droppedEventsCount,
    dropped_links: span.droppedLinksCount,
  };
}

function nanos([seconds, nanoseconds]) {
  return (BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds)).toString();
}

function attributes(pairs) {
  return Object.entries(pairs ?? {}).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value) {
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "string") return { stringValue: value };
  // JavaScript knows no integers; the exporter sends what has no fraction as one.
  if (typeof value === "number") return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  throw new TypeError(`no attribute of OpenTelemetry: ${value}`);
}
