"""A function as it is with Powertools."""

from aws_lambda_powertools import Tracer

tracer = Tracer(service="shop")


@tracer.capture_method
def price(items):
    tracer.put_annotation("basket_items", items)
    return items * 2


@tracer.capture_lambda_handler
def handler(event, context):
    if event.get("fail"):
        raise ValueError("card declined")
    return {"price": price(3)}
