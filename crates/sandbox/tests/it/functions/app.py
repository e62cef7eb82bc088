"""A function that does what its event says."""

import json
import logging
import os
import subprocess
import threading
import time

if os.path.exists(os.environ.get("BREAK_INIT", "")):
    raise RuntimeError("the module cannot be loaded")
if os.path.exists(os.environ.get("EXIT_IN_INIT", "")):
    os._exit(7)
if os.path.exists(os.environ.get("HANG_IN_FIRST_INIT", "")):
    os.remove(os.environ["HANG_IN_FIRST_INIT"])
    time.sleep(60)

beats = 0


def beat():
    global beats
    while True:
        beats += 1
        time.sleep(0.001)


threading.Thread(target=beat, daemon=True).start()


if os.environ.get("AFTER_RESTORE"):
    from snapshot_restore_py import register_after_restore

    @register_after_restore
    def restored():
        if os.environ["AFTER_RESTORE"] == "fail":
            raise RuntimeError("the tea went cold")
        time.sleep(0.05)


def handler(event, context):
    print(f"doing {event['do']}")
    return globals()[event["do"]](event, context)


def look(event, context):
    """Returns what a function can see."""
    return {
        "beats": beats,
        "pid": os.getpid(),
        "request_id": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "remaining": context.get_remaining_time_in_millis(),
        "trace": os.environ.get("_X_AMZN_TRACE_ID"),
        "environment": dict(os.environ),
        "event": event,
    }


def remember(event, context):
    """Counts in /tmp."""
    path = os.path.join(os.environ["TMPDIR"], "count")
    count = int(open(path).read()) if os.path.exists(path) else 0
    with open(path, "w") as file:
        file.write(str(count + 1))
    return count


def forget(event, context):
    remember(event, context)
    hang(event, context)


def fail(event, context):
    raise ValueError("the teapot is empty")


def hang(event, context):
    time.sleep(60)


def nap(event, context):
    time.sleep(event["seconds"])
    return os.getpid()


def burn(event, context):
    """Works for some time by the clock. Returns for how long it ran."""
    end = time.monotonic() + event["seconds"]
    while time.monotonic() < end:
        pass
    return time.process_time()


def say(event, context):
    logging.getLogger().warning(event["what"])
    print("plain")


def die(event, context):
    os._exit(7)


def eat(event, context):
    """In a child, so that the whole tree has to be looked at."""
    code = "import time\neaten = []\nfor _ in range(400): eaten.append(b'x' * (1 << 20)); time.sleep(0.001)\ntime.sleep(60)"
    subprocess.run([os.environ["PYTHON"], "-c", code])


def consume(event, context):
    for record in event["Records"]:
        body = json.loads(record["body"])
        if body.get("fails", 0) >= int(record["attributes"]["ApproximateReceiveCount"]):
            raise RuntimeError("not this time")
    return None
