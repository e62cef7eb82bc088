"""mailer: sends receipts. No SDK, no instrumentation: all that is known of it comes from the platform."""

import json
import time

MEBIBYTE = 1 << 20


def handler(event, context):
    for record in event["Records"]:
        order = json.loads(record["body"])
        attempt = int(record["attributes"]["ApproximateReceiveCount"])
        print(f"receipt for order {order['order']}, attempt {attempt}")
        attachment = None
        if attempt > 1:
            print(f"order {order['order']}: sending without attachment")
        elif order.get("attach") == "catalogue":
            attachment = render_catalogue(pages=400)
        send(order, attachment)


def send(order, attachment):
    time.sleep(0.01)
    size = sum(len(page) for page in attachment or [])
    print(f"mailed the receipt of order {order['order']} to {order['email']}, {size} bytes attached")


def render_catalogue(pages):
    """Every page stays in memory until the last is done, which is how this function runs out of it."""
    rendered = []
    for number in range(1, pages + 1):
        rendered.append(b"%PDF" + b"\xff" * MEBIBYTE)
        if number % 25 == 0:
            print(f"rendered {number} of {pages} pages")
            time.sleep(0.01)
    return rendered
