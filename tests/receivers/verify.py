"""Verifies a webhook as a receiver does, with the library of Standard Webhooks: `verify.py MESSAGE`.

MESSAGE is a file of JSON: `headers` and `body` as they came, and `keys`. Prints, as one JSON object, by which of the keys it
is taken (`taken`), and by which it would be with another body (`forged`).
"""

import json
import sys

from standardwebhooks import Webhook, WebhookVerificationError


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        message = json.load(file)
    forged = {**message, "body": message["body"].replace("alert.", "alarm.", 1)}
    print(json.dumps({"taken": taken(message), "forged": taken(forged)}))


def taken(message):
    return [is_taken(key, message) for key in message["keys"]]


def is_taken(key, message):
    try:
        Webhook(key).verify(message["body"], message["headers"])
    except WebhookVerificationError:
        return False
    return True


main()
