"""A function with faults that its event turns on and off. What it waits for is time that passes: the faults are the plan."""

import concurrent.futures
import contextvars
import time

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.aws_lambda import AwsLambdaInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("planted")


def call(name, seconds, fails=False):
    with tracer.start_as_current_span(name, kind=SpanKind.CLIENT) as span:
        time.sleep(seconds)
        if fails:
            span.set_status(StatusCode.ERROR, "not now")


def repeated_calls(on, number):
    """One after the other what one call could fetch."""
    for _ in range(8 if on else 1):
        call("SELECT item", 0.08)


def serial_calls(on, number):
    """One after the other what could be asked at the same time."""
    calls = [("GET price", 0.4), ("GET stock", 0.4), ("GET address", 0.4)]
    if on:
        for one in calls:
            call(*one)
        return
    with concurrent.futures.ThreadPoolExecutor() as pool:
        # Each in the context of the handler's span, which a context can be entered for only once.
        asked = [pool.submit(contextvars.copy_context().run, call, *one) for one in calls]
    for one in asked:
        one.result()


def retries(on, number):
    """Two attempts in vain, with a pause behind each."""
    for pause in (0.1, 0.2) if on else ():
        call("PUT order", 0.15, fails=True)
        time.sleep(pause)
    call("PUT order", 0.05)


def slow_dependency(on, number):
    """Every third call takes ten times as long."""
    call("GET rates", 0.6 if on and number % 3 == 0 else 0.06)


def duplicate_processing(on, number):
    """Every message comes twice."""
    message = number // 2 if on else number
    trace.get_current_span().set_attribute("messaging.message.id", f"{'again' if on else 'once'}-{message}")
    time.sleep(0.05)


def timeouts(on, number):
    """A dependency that does not answer."""
    call("GET shipping", 60 if on and number % 2 == 0 else 0.06)


FAULTS = [repeated_calls, serial_calls, retries, slow_dependency, duplicate_processing, timeouts]


def handler(event, context):
    faults = {fault.__name__: fault for fault in FAULTS}
    if event["fault"] in faults:
        faults[event["fault"]](event["on"], event["number"])
    return {"request_id": context.aws_request_id}


AwsLambdaInstrumentor().instrument()
