"""A function without any tracer."""


def handler(event, context):
    if event.get("fail"):
        raise ValueError("the teapot is empty")
    return {"paid": True}
