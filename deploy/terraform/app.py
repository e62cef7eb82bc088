"""hello: greets. It knows nothing of tracing: all that Coldtrace shows of it comes from the extension beside it."""

import json


def handler(event, context):
    """Answers a request of the function's URL."""
    name = (event.get("queryStringParameters") or {}).get("name", "world")
    print(f"greeting {name}")
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": json.dumps({"hello": name}),
    }
