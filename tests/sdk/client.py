"""Exports spans with OpenTelemetry's SDK and prints, as one JSON object, what the SDK itself says they were.

`client.py --protocol grpc|http --endpoint URL --traces N --spans N`. The description is taken from the SDK's own objects,
not from the bytes on the wire, in the form in which Coldtrace's API gives spans.

With `--seconds N` it exports one trace after the other for so long, and prints what the exporter said became of each.
"""

import argparse
import json
import math
import sys
import time

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

KINDS = list(SpanKind)
# Every type of attribute that the SDK takes, with the values at its edges.
ATTRIBUTES = {
    "text": "grüße, 世界 \N{SNOWMAN}",
    "text.empty": "",
    "true": True,
    "false": False,
    "int": 42,
    "int.zero": 0,
    "int.max": 2**63 - 1,
    "int.min": -(2**63),
    "double": 0.1,
    "double.whole": 3.0,
    "double.tiny": 5e-324,
    "double.infinite": math.inf,
    "double.nan": math.nan,
    "texts": ["a", "", "c"],
    "truths": [True, False],
    "ints": [1, -2, 2**53 + 1],
    "doubles": [1.5, -2.0],
    "none of them": [],
}


def main():
    arguments = parse_arguments()
    if arguments.seconds:
        print(json.dumps({"exports": export_for(arguments.seconds, exporter(arguments), arguments.spans)}))
        return
    recorded = Recorder()
    provider = TracerProvider(resource=Resource({"service.name": "sdk-python", "int": 7, "texts": ["x", "y"]}))
    provider.add_span_processor(recorded)
    provider.add_span_processor(BatchSpanProcessor(exporter(arguments), max_queue_size=100_000))
    # Arguments: name, version, schema URL, attributes.
    tracer = provider.get_tracer("sdk-test", "1.2.3", "https://opentelemetry.io/schemas/1.30.0", {"scope.attribute": True})
    for number in range(arguments.traces):
        make_trace(tracer, number, arguments.spans)
    if not provider.force_flush(60_000):
        sys.exit("the SDK could not export in time")
    provider.shutdown()
    print(json.dumps({"spans": [describe(span) for span in recorded.spans]}))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--protocol", choices=["grpc", "http"], required=True)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--traces", type=int, default=10)
    parser.add_argument("--spans", type=int, default=100, help="in each trace")
    parser.add_argument("--seconds", type=float, default=0, help="export for so long")
    parser.add_argument("--timeout", type=float, default=10, help="seconds that an export may take, retries included")
    return parser.parse_args()


def exporter(arguments):
    if arguments.protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

        return OTLPSpanExporter(endpoint=arguments.endpoint, insecure=True, timeout=arguments.timeout)
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    endpoint = f"{arguments.endpoint}/v1/traces"
    return OTLPSpanExporter(endpoint=endpoint, compression=Compression.Gzip, timeout=arguments.timeout)


def export_for(seconds, exporter, spans):
    recorded = Recorder()
    provider = TracerProvider(resource=Resource({"service.name": "sdk-python"}))
    provider.add_span_processor(recorded)
    tracer = provider.get_tracer("sdk-test")
    exports = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        make_trace(tracer, len(exports), spans)
        batch, recorded.spans = recorded.spans, []
        began = time.monotonic()
        is_taken = exporter.export(batch) is SpanExportResult.SUCCESS
        trace_id = f"{batch[0].get_span_context().trace_id:032x}"
        exports.append({"trace_id": trace_id, "is_taken": is_taken, "seconds": time.monotonic() - began})
    return exports


class Recorder(SpanProcessor):
    """Keeps every span that ended."""

    def __init__(self):
        self.spans = []

    def on_end(self, span):
        self.spans.append(span)


def make_trace(tracer, number, spans):
    """A root and its children, each child under the one before or under the root."""
    with tracer.start_as_current_span(f"root {number}", kind=SpanKind.SERVER) as root:
        parent = root
        for index in range(1, spans):
            context = trace.set_span_in_context(parent if index % 3 else root)
            parent = make_span(tracer, context, root, index)


def make_span(tracer, context, root, index):
    links = [Link(root.get_span_context(), {"reason": "retry", "attempt": index})] if index % 5 == 0 else []
    if index % 10 == 0:
        state = TraceState([("vendor", "value")])
        remote = SpanContext(0xABCDEF << 64 | index, index, True, TraceFlags(1), state)
        links.append(Link(remote, dict(ATTRIBUTES)))
    span = tracer.start_span(f"span {index}", context=context, kind=KINDS[index % len(KINDS)], links=links, attributes=ATTRIBUTES)
    span.set_attribute("index", index)
    if index % 4 == 0:
        span.add_event("tick", dict(ATTRIBUTES))
        span.add_event("tock")
    if index % 7 == 0:
        span.set_status(Status(StatusCode.ERROR, "it broke"))
    elif index % 7 == 1:
        span.set_status(Status(StatusCode.OK))
    span.end()
    return span


def describe(span):
    context = span.get_span_context()
    return {
        "trace_id": f"{context.trace_id:032x}",
        "span_id": f"{context.span_id:016x}",
        "parent_span_id": f"{span.parent.span_id:016x}" if span.parent else None,
        "trace_state": context.trace_state.to_header(),
        "name": span.name,
        "kind": span.kind.name.lower(),
        "start": str(span.start_time),
        "end": str(span.end_time),
        "status": span.status.status_code.name.lower(),
        "status_message": span.status.description or "",
        "attributes": attributes(span.attributes),
        "events": [
            {"time": str(event.timestamp), "name": event.name, "attributes": attributes(event.attributes), "dropped_attributes": 0}
            for event in span.events
        ],
        "links": [
            {
                "trace_id": f"{link.context.trace_id:032x}",
                "span_id": f"{link.context.span_id:016x}",
                # Its exporter sends the trace state of spans, but not of links.
                "trace_state": "",
                "attributes": attributes(link.attributes),
                "dropped_attributes": 0,
            }
            for link in span.links
        ],
        "resource": {
            "attributes": attributes(span.resource.attributes),
            "dropped_attributes": 0,
            "schema_url": span.resource.schema_url,
        },
        "scope": {
            "name": span.instrumentation_scope.name,
            "version": span.instrumentation_scope.version,
            "attributes": attributes(span.instrumentation_scope.attributes),
            "dropped_attributes": 0,
            "schema_url": span.instrumentation_scope.schema_url,
        },
        "dropped_attributes": span.dropped_attributes,
        "dropped_events": span.dropped_events,
        "dropped_links": span.dropped_links,
    }


def attributes(pairs):
    return [{"key": key, "value": any_value(value)} for key, value in (pairs or {}).items()]


def any_value(value):
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": double(value)}
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, (list, tuple)):
        return {"arrayValue": {"values": [any_value(element) for element in value]}}
    raise TypeError(f"no attribute of OpenTelemetry: {value!r}")


def double(value):
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


main()
