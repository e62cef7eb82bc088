"""Runs a function under AWS's emulator, with each of its faults off and on, and prints what it took and what the API finds.

One function in one sandbox: what belongs to which fault is told by the time. Prints one JSON object: of each phase its fault,
whether that was on, how long whoever invoked waited each time, which failed, and the findings of that stretch of time. Lengths
are nanoseconds.
"""

import time
import urllib.parse

import run as rie

FUNCTION = "planted"
# Enough for a detector to trust; a limit that is met ends the sandbox, so that comes last.
PLAN = [
    ("repeated_calls", 8),
    ("serial_calls", 7),
    ("retries", 8),
    ("slow_dependency", 24),
    ("duplicate_processing", 12),
    ("timeouts", 6),
]
TIME_LIMIT = 3


def play(arguments, scratch):
    rie.lay_out_filesystem(arguments, scratch, "planted_app.py")
    backend = rie.start_backend(arguments, scratch)
    try:
        emulator = rie.start_emulator(arguments, scratch, FUNCTION, AWS_LAMBDA_FUNCTION_TIMEOUT=str(TIME_LIMIT))
        # The cold start belongs to no phase.
        rie.invoke({"fault": "none"})
        phases = [phase(fault, count, on) for fault, count in PLAN for on in (False, True)]
        rie.invoke({"fault": "none"})
        # With it the extension sends what it still has.
        rie.stop(emulator)
        rie.poll(is_stored, 60, "all that was sent to be in the store")
        for one in phases:
            one["findings"] = rie.poll(lambda one=one: findings(one), 60, f"all of {one['fault']}")
        return {"phases": phases, "time_limit": TIME_LIMIT * 1_000_000_000}
    finally:
        rie.stop(backend)


def phase(fault, count, on):
    begin = time.time_ns()
    answers = [timed({"fault": fault, "on": on, "number": number}) for number in range(count)]
    # What comes next begins in another stretch.
    return {"fault": fault, "on": on, "from": begin, "to": time.time_ns(), "answers": answers}


def timed(event):
    begin = time.monotonic_ns()
    answer = rie.invoke(event)
    is_answer = isinstance(answer["body"], dict) and "request_id" in answer["body"]
    return {"took": time.monotonic_ns() - begin, "failed": not is_answer}


def is_stored():
    page = rie.fetch(f"http://127.0.0.1:{rie.QUERY}/metrics") or ""
    return "coldtrace_collector_log_held_bytes 0" in page.splitlines() or None


def findings(one):
    """Once every invocation of the phase is over and has its trace."""
    stretch = urllib.parse.urlencode({"from": one["from"], "to": one["to"]})
    api = f"http://127.0.0.1:{rie.QUERY}/api/v1"
    listed = rie.fetch(f"{api}/invocations?function={FUNCTION}&{stretch}")
    if listed is None or listed["total"] < len(one["answers"]):
        return None
    if any(invocation["outcome"] == "running" for invocation in listed["invocations"]):
        return None
    found = rie.fetch(f"{api}/functions/{FUNCTION}/findings?{stretch}")
    return found if found and found["traces"] >= len(one["answers"]) else None


if __name__ == "__main__":
    rie.main(__file__, play)
