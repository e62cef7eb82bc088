"""A function as it is with Datadog's tracer."""

from ddtrace import tracer


def handler(event, context):
    with tracer.trace("price basket", service="shop", resource="price basket") as span:
        span.set_tag("basket.size", "large")
        span.set_metric("basket.items", 3)
        try:
            with tracer.trace("pay"):
                raise ValueError("card declined")
        except ValueError:
            pass
    tracer.flush()
    return {"paid": False}
