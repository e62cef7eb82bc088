"""An extension that notes what it is told, one JSON object per line of PROBE_LOG.

PROBE_HOLD: seconds for which it keeps each invocation. PROBE_CRASH: the invocation, from 1, in which it dies. PROBE_NO_SHUTDOWN: it
does not ask to be told of the shutdown. PROBE_SCHEMA: of the telemetry. On managed instances it asks for the shutdown alone, after it
was refused more.
"""

import http.server
import json
import os
import sys
import threading
import time
import urllib.error
import urllib.request

API = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"]
NAME = os.path.basename(sys.argv[0])
PORT = int(os.environ["COLDTRACE_TELEMETRY_PORT"])
HOLD = float(os.environ.get("PROBE_HOLD", "0"))
CRASH = int(os.environ.get("PROBE_CRASH", "0"))
SCHEMA = os.environ.get("PROBE_SCHEMA", "2022-12-13")
MANAGED = os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"] == "lambda-managed-instances"
EVENTS = ["SHUTDOWN"] if MANAGED else ["INVOKE"] if os.environ.get("PROBE_NO_SHUTDOWN") else ["INVOKE", "SHUTDOWN"]

reported = threading.Event()


def note(what, **fields):
    line = json.dumps({"what": what, "pid": os.getpid(), "at": time.time(), **fields}) + "\n"
    log = os.open(os.environ["PROBE_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(log, line.encode())
    os.close(log)


class Listener(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        records = json.loads(self.rfile.read(int(self.headers["content-length"])))
        note("batch", path=self.path, records=records)
        self.send_response(200)
        self.end_headers()
        if any(record["type"] == "platform.report" for record in records):
            reported.set()

    def log_message(self, *arguments):
        pass


def call(method, path, body=None, headers=None):
    request = urllib.request.Request(API + path, method=method, headers=headers or {})
    request.data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def refused(step, method, path, body=None, headers=None):
    status, _, text = call(method, path, body, headers)
    note("refused", step=step, status=status, type=json.loads(text).get("errorType"))


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    register = "/2020-01-01/extension/register"
    refused("no name", "POST", register, {"events": EVENTS})
    refused("not the file's name", "POST", register, {"events": ["SHUTDOWN"]}, {"Lambda-Extension-Name": "other"})
    refused("no such event", "POST", register, {"events": ["LUNCH"]}, {"Lambda-Extension-Name": NAME})
    wanted = {"Lambda-Extension-Name": NAME, "Lambda-Extension-Accept-Feature": "accountId"}
    if MANAGED:
        refused("invoke", "POST", register, {"events": ["INVOKE", "SHUTDOWN"]}, wanted)
    _, headers, body = call("POST", register, {"events": EVENTS}, wanted)
    note("registered", body=json.loads(body))
    me = {"Lambda-Extension-Identifier": headers["Lambda-Extension-Identifier"]}
    subscription = {
        "schemaVersion": SCHEMA,
        "types": ["platform", "function"],
        "destination": {"protocol": "HTTP", "URI": f"http://sandbox.localdomain:{PORT}/events"},
        "buffering": {"timeoutMs": 25, "maxItems": 1000, "maxBytes": 262144},
    }
    telemetry = "/2022-07-01/telemetry"
    refused("no identifier", "PUT", telemetry, subscription)
    refused("too eager", "PUT", telemetry, {**subscription, "buffering": {"timeoutMs": 1}}, me)
    if MANAGED:
        refused("old schema", "PUT", telemetry, {**subscription, "schemaVersion": "2022-12-13"}, me)
    status, _, body = call("PUT", telemetry, subscription, me)
    note("subscribed", status=status, body=body.decode())
    invocations = 0
    while True:
        _, _, body = call("GET", "/2020-01-01/extension/event/next", headers=me)
        event = json.loads(body)
        reported.clear()
        note("event", event=event)
        if event["eventType"] == "SHUTDOWN":
            reported.wait(1)
            note("bye")
            return
        invocations += 1
        if invocations == CRASH:
            os._exit(3)
        time.sleep(HOLD)


main()
