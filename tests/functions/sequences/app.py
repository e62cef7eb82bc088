"""A function that does what its event says. With `once` it does so in the first invocation of a sandbox alone."""

import logging
import os
import time

log = logging.getLogger()


def handler(event, context):
    mark = os.path.join(os.environ["TMPDIR"], "done")
    if event.get("once"):
        if os.path.exists(mark):
            return "well"
        open(mark, "w").close()
    return globals()[event.get("do", "reply")](event)


def reply(event):
    return event


def fail(event):
    raise ValueError("on purpose")


def leave(event):
    os._exit(7)


def hang(event):
    time.sleep(60)


def eat(event):
    eaten = []
    for _ in range(400):
        eaten.append(b"x" * (1 << 20))
        time.sleep(0.001)


def say(event):
    log.warning("by the logger")
    time.sleep(event.get("seconds", 0))
    return os.getpid()


def work(event):
    """Until it has run for so long."""
    end = time.process_time() + event["seconds"]
    while time.process_time() < end:
        pass
