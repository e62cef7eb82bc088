"""What schemathesis does not find in the description of the API."""

import schemathesis


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Leaves out what answers as long as somebody listens: nothing would come after it."""
    paths = raw_schema["paths"]
    for path in list(paths):
        answer = paths[path].get("get", {}).get("responses", {}).get("200", {})
        if "text/event-stream" in answer.get("content", {}):
            del paths[path]


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """An empty parameter counts as absent, which no schema can say."""
    is_empty = "" in (case.query or {}).values()
    return not (is_empty and "negative_data_rejection" in failure.checks)
