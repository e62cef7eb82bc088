// OpenTelemetry for inventory: spans of its own and of `fetch`, as JSON over HTTP to OTEL_EXPORTER_OTLP_ENDPOINT.
"use strict";

const { OTLPTraceExporter } = require("@opentelemetry/exporter-trace-otlp-http");
const { registerInstrumentations } = require("@opentelemetry/instrumentation");
const { UndiciInstrumentation } = require("@opentelemetry/instrumentation-undici");
const { context, propagation, SpanKind, SpanStatusCode, trace } = require("@opentelemetry/api");
const { detectResources, envDetector } = require("@opentelemetry/resources");
const { BatchSpanProcessor } = require("@opentelemetry/sdk-trace-base");
const { NodeTracerProvider } = require("@opentelemetry/sdk-trace-node");

// The detector reads OTEL_SERVICE_NAME.
const provider = new NodeTracerProvider({
  resource: detectResources({ detectors: [envDetector] }),
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
});
provider.register();
registerInstrumentations({ instrumentations: [new UndiciInstrumentation()] });

const tracer = trace.getTracer("inventory");
let isColdStart = true;

// The handler inside a server span that continues the caller's trace. Nothing may wait in this process when the invocation
// ends, since it is frozen then: so the spans are flushed first.
function traced(handler) {
  return async (event, lambda) => {
    const caller = propagation.extract(context.active(), event.headers ?? {});
    const attributes = {
      "faas.invocation_id": lambda.awsRequestId,
      "faas.trigger": "http",
      "faas.coldstart": isColdStart,
      "http.request.method": event.requestContext.http.method,
      "url.path": event.rawPath,
    };
    isColdStart = false;
    try {
      return await tracer.startActiveSpan("inventory", { kind: SpanKind.SERVER, attributes }, caller, (span) =>
        ended(span, () => handler(event, lambda)),
      );
    } finally {
      await provider.forceFlush();
    }
  };
}

// Runs `work` inside an active span of this name.
function inSpan(name, attributes, work) {
  return tracer.startActiveSpan(name, { attributes }, (span) => ended(span, work));
}

async function ended(span, work) {
  try {
    return await work();
  } catch (error) {
    span.recordException(error);
    span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
    throw error;
  } finally {
    span.end();
  }
}

module.exports = { traced, inSpan };
