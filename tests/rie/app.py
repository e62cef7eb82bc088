"""A function as its user would write it: OpenTelemetry's Lambda instrumentation, exporting to the extension's default port."""

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.aws_lambda import AwsLambdaInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("rie-app")


def handler(event, context):
    with tracer.start_as_current_span("price basket") as span:
        span.set_attribute("basket.items", event["items"])
        print(f"pricing {event['items']} items")
    if event.get("fail"):
        raise ValueError("no such item")
    return {"request_id": context.aws_request_id}


AwsLambdaInstrumentor().instrument()
