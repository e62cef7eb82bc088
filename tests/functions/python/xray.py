"""A function as it is with AWS's X-Ray SDK."""

from aws_xray_sdk.core import xray_recorder


def handler(event, context):
    with xray_recorder.in_subsegment("price basket") as subsegment:
        subsegment.put_annotation("basket_items", 3)
        subsegment.put_metadata("prices", [1, 2, 3], "shop")
        with xray_recorder.in_subsegment("stock.example", namespace="remote"):
            pass
    try:
        with xray_recorder.in_subsegment("pay"):
            raise ValueError("card declined")
    except ValueError:
        return {"paid": False}
