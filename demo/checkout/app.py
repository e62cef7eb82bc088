"""checkout: takes an order, reserves the goods, charges the card, has the receipt mailed."""

import json
import os

import requests

INVENTORY_URL = os.environ["INVENTORY_URL"]
PAYMENTS_URL = os.environ["PAYMENTS_URL"]
RECEIPTS_QUEUE_URL = os.environ["RECEIPTS_QUEUE_URL"]


class PaymentDeclined(Exception):
    """The card's bank said no."""


def handler(event, context):
    order = json.loads(event["body"])
    print(f"order {order['order']}: {len(order['items'])} items")
    reserved = post(INVENTORY_URL, {"order": order["order"], "items": order["items"]}, timeout=20)
    if reserved.status_code != 200:
        print(f"order {order['order']}: not reserved, inventory answered {reserved.status_code}")
        return reply(503, {"order": order["order"], "error": "please try again"})
    total = reserved.json()["total_cents"]
    charge(order, total)
    post(
        RECEIPTS_QUEUE_URL,
        {"QueueUrl": RECEIPTS_QUEUE_URL, "MessageBody": json.dumps({**order, "total_cents": total})},
        timeout=5,
        headers={"X-Amz-Target": "AmazonSQS.SendMessage"},
    ).raise_for_status()
    return reply(200, {"order": order["order"], "total_cents": total})


def charge(order, total):
    # Without a timeout, as it is so often: when the provider hangs, so does the checkout.
    paid = post(PAYMENTS_URL, {"order": order["order"], "card": order["card"], "cents": total}, timeout=None)
    if paid.status_code == 402:
        raise PaymentDeclined(f"order {order['order']}: {paid.json()['reason']}")
    paid.raise_for_status()


def post(url, body, timeout, headers=None):
    # AWS's SDKs hand X-Ray's header on with each call; `requests` does not, so it is done here.
    trace_header = os.environ.get("_X_AMZN_TRACE_ID")
    handed_on = {"X-Amzn-Trace-Id": trace_header} if trace_header else {}
    return requests.post(url, json=body, headers={**(headers or {}), **handed_on}, timeout=timeout)


def reply(status, body):
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}
