"""Runs a Python function with the real extension under AWS's own emulator, with Coldtrace beside it, and prints what the API knows.

`run.py --mode on-demand|managed-instances` starts itself again in namespaces of its own (mount, network, process ids; needs
root), so that the extension's default ports and /opt/extensions are what they are on Lambda. Prints one JSON object: what
each invocation answered, and the API's detail of each by request id. The caller judges.
"""

import argparse
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
# The emulator minds no AWS_LAMBDA_EXEC_WRAPPER: it runs what it is told to run.
RUNTIME = ["/opt/coldtrace-wrapper", "/opt/python/bin/python3", "-m", "awslambdaric", "app.handler"]
# The extension has the OTLP ports here, as on Lambda; the collector stands elsewhere in the same network namespace.
COLLECTOR_GRPC, COLLECTOR_HTTP, QUERY, ENGINE, EMULATOR = 14317, 14318, 17070, 17071, 8080


def main(script, play):
    """Prints what `play` returns, which is called with the arguments and a scratch folder in the namespaces."""
    arguments = parse_arguments()
    if not arguments.inside:
        command = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
        sys.exit(subprocess.call(command + [sys.executable, script, "--inside", *sys.argv[1:]]))
    with tempfile.TemporaryDirectory(prefix="coldtrace-rie-") as scratch:
        os.chmod(scratch, 0o755)
        print(json.dumps(play(arguments, pathlib.Path(scratch))))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mode", choices=["on-demand", "managed-instances"], required=True)
    parser.add_argument("--coldtrace", required=True, help="the coldtrace binary")
    parser.add_argument("--extension", required=True, help="the coldtrace-extension binary")
    parser.add_argument("--wrapper", required=True, help="the layer's wrapper script")
    parser.add_argument("--emulator", required=True, help="aws-lambda-rie of the aws-sam-cli package")
    parser.add_argument("--packages", required=True, help="folder with awslambdaric and OpenTelemetry")
    parser.add_argument("--engine-library", required=True, help="libchdb.so")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def run(arguments, scratch):
    lay_out_filesystem(arguments, scratch)
    backend = start_backend(arguments, scratch)
    try:
        answers, emulator = invoke_all(arguments, scratch)
        details = wait_for_details(answers)
        stop(emulator)
        return {"mode": arguments.mode, "answers": answers, "details": details, "emulator_exit": emulator.returncode}
    finally:
        stop(backend)


def lay_out_filesystem(arguments, scratch, app="app.py"):
    """/opt/extensions, /var/task and a hosts file with the Telemetry API's host names, seen by this namespace only."""
    run_tool("ip", "link", "set", "lo", "up")
    hosts = scratch / "hosts"
    hosts.write_text("127.0.0.1 localhost sandbox sandbox.localdomain\n")
    run_tool("mount", "--bind", str(hosts), "/etc/hosts")
    extension = pathlib.Path(arguments.extension).read_bytes()
    packages = pathlib.Path(arguments.packages).resolve()
    # Below /opt, because managed-instances mode runs the function as another user, who may not read this user's home.
    run_tool("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/opt")
    for folder in ("extensions", "python", "packages", "task"):
        pathlib.Path("/opt", folder).mkdir()
    run_tool("mount", "--bind", sys.base_prefix, "/opt/python")
    run_tool("mount", "--bind", str(packages), "/opt/packages")
    layer = pathlib.Path("/opt/extensions/coldtrace-extension")
    layer.write_bytes(extension)
    layer.chmod(0o755)
    wrapper = pathlib.Path("/opt/coldtrace-wrapper")
    wrapper.write_bytes(pathlib.Path(arguments.wrapper).read_bytes())
    wrapper.chmod(0o755)
    pathlib.Path("/opt/task/app.py").write_bytes((HERE / app).read_bytes())
    if arguments.mode == "managed-instances":
        run_tool("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/var")
        for folder, mode in (("/var/task", 0o755), ("/var/tmp", 0o1777)):
            pathlib.Path(folder).mkdir()
            os.chmod(folder, mode)
        bootstrap = pathlib.Path("/opt/bootstrap")
        bootstrap.write_text("#!/bin/sh\nexec " + " ".join(RUNTIME) + "\n")
        bootstrap.chmod(0o755)


def start_backend(arguments, scratch):
    environment = {
        **os.environ,
        "COLDTRACE_COLLECTOR__GRPC_LISTEN": f"127.0.0.1:{COLLECTOR_GRPC}",
        "COLDTRACE_COLLECTOR__HTTP_LISTEN": f"127.0.0.1:{COLLECTOR_HTTP}",
        "COLDTRACE_QUERY__LISTEN": f"127.0.0.1:{QUERY}",
        "COLDTRACE_STORE__ENGINE_PORT": str(ENGINE),
        "COLDTRACE_STORE__ENGINE_LIBRARY": arguments.engine_library,
    }
    command = [arguments.coldtrace, "up", "--data-dir", str(scratch / "data")]
    backend = subprocess.Popen(command, env=environment, stdout=sys.stderr)
    poll(lambda: fetch(f"http://127.0.0.1:{QUERY}/readyz"), 60, "coldtrace to be ready", backend)
    return backend


def start_emulator(arguments, scratch, name, **more):
    """The emulator with the function in it, whose environment is what Lambda gives it and `more`."""
    managed = arguments.mode == "managed-instances"
    # As on Lambda, where nobody shares it: what another run left there is another user's.
    own_tmp = scratch / "tmp"
    own_tmp.mkdir()
    own_tmp.chmod(0o1777)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": "/opt/packages:/opt/task",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(own_tmp),
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_HANDLER": "app.handler",
        "AWS_LAMBDA_FUNCTION_TIMEOUT": "20",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_REGION": "eu-central-1",
        "_HANDLER": "app.handler",
        "OTEL_SERVICE_NAME": name,
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318",
        "COLDTRACE_ENDPOINT": f"http://127.0.0.1:{COLLECTOR_GRPC}",
        "COLDTRACE_CAPTURE": "all",
        **({"AWS_LAMBDA_MAX_CONCURRENCY": "2"} if managed else {}),
        **more,
    }
    command = [arguments.emulator, "--log-level", "warn", *RUNTIME]
    emulator = subprocess.Popen(command, env=environment, stdout=sys.stderr, cwd="/opt/task")
    poll(lambda: listens(EMULATOR), 20, "the emulator to listen", emulator)
    return emulator


def invoke_all(arguments, scratch):
    emulator = start_emulator(arguments, scratch, "rie-basket")
    events = [{"items": number, "fail": number == 4} for number in range(1, 5)]
    return [{"event": event, **invoke(event)} for event in events], emulator


def invoke(event):
    url = f"http://127.0.0.1:{EMULATOR}/2015-03-31/functions/function/invocations"
    request = urllib.request.Request(url, json.dumps(event).encode(), {"Content-Type": "application/json"})
    return poll(lambda: taken(request), 20, "a runtime to be idle")


def taken(request):
    """The answer; nothing where no runtime was idle yet, which managed instances say at once."""
    answer = post(request)
    return None if "Runtime.Unavailable" in str(answer["body"]) else answer


def post(request):
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return {"status": reply.status, "body": parsed(reply.read())}
    except urllib.error.HTTPError as error:
        return {"status": error.code, "body": parsed(error.read())}


def parsed(body):
    """Of a time limit the emulator tells in plain words."""
    return json.loads(body) if body[:1] in (b"{", b"[") else body.decode()


def wait_for_details(answers):
    """The API's detail of every invocation that it lists, once all are there with the spans of their function, and those that
    were answered with what the extension tells of their answer."""
    answered = [answer["body"]["request_id"] for answer in answers if "request_id" in answer["body"]]
    last = {}

    def complete():
        listed = fetch(f"http://127.0.0.1:{QUERY}/api/v1/invocations?function=rie-basket&limit=100")
        last.update({"listed": listed, "not whole": []})
        if listed is None or listed["total"] < len(answers):
            return None
        ids = [invocation["request_id"] for invocation in listed["invocations"]]
        details = [fetch(f"http://127.0.0.1:{QUERY}/api/v1/invocations/{request_id}") for request_id in ids]
        last["not whole"] = [detail for detail in details if not is_whole(detail)]
        return None if last["not whole"] else details

    def is_whole(detail):
        spans = detail["trace"]["spans"] if detail else []
        has_own = any(span["name"] == "price basket" for span in spans)
        keys = {attribute["key"] for span in spans for attribute in span["attributes"]}
        return has_own and (detail["invocation"]["request_id"] not in answered or "coldtrace.response" in keys)

    return poll(complete, 60, "every invocation and its spans in the API", last=last)


def poll(check, seconds, what, process=None, last=None):
    """Asks until there is an answer; the deadline only bounds a failure, which tells what was seen `last`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = check()
        if answer is not None:
            return answer
        if process is not None and process.poll() is not None:
            sys.exit(f"waited for {what}, but the process ended with {process.returncode}")
        time.sleep(0.05)
    seen = f"; last seen: {json.dumps(last)}" if last else ""
    sys.exit(f"gave up waiting for {what} after {seconds} s{seen}")


def fetch(url):
    """The answer's body, parsed where it is JSON; nothing while the server refuses or can't be reached."""
    try:
        with urllib.request.urlopen(url, timeout=10) as reply:
            return parsed(reply.read())
    except OSError:
        return None


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return None


def stop(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def run_tool(*command):
    subprocess.run(command, check=True, stdout=sys.stderr)


if __name__ == "__main__":
    main(__file__, run)
