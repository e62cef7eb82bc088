"""The runtime of Python functions where AWS's own client is not installed: asks the Runtime API for invocations and hands
them to the handler, one after another.

Not here: response streaming, and logs in frames (a line break inside a log record is one in the log, too).
"""

import http.client
import importlib
import json
import logging
import os
import sys
import time
import traceback

VERSION = "/2018-06-01/runtime"


class PlatformError(Exception):
    """An error with one of the platform's names."""

    def __init__(self, name, message):
        super().__init__(message)
        self.name = name


class Context:
    """What a handler is told beside its event."""

    def __init__(self, headers):
        environment = os.environ.get
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = environment("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = environment("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = environment("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.log_group_name = environment("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = environment("AWS_LAMBDA_LOG_STREAM_NAME")
        self.client_context = None
        self.identity = None
        self._deadline = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline - int(time.time() * 1000))


class Lines(logging.Handler):
    """Log records as the platform's runtime writes them: lines, or objects on a line each."""

    request_id = ""
    is_json = os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"

    def emit(self, record):
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        message = self.format(record)
        if self.is_json:
            told = {"timestamp": f"{stamp}Z", "level": record.levelname, "message": message}
            print(json.dumps({**told, "logger": record.name, "requestId": self.request_id}))
        else:
            stamp += f".{int(record.msecs):03d}Z"
            print(f"[{record.levelname}]\t{stamp}\t{self.request_id}\t{message}")


class Platform:
    """The Runtime API."""

    def __init__(self):
        self.connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

    def restore(self):
        """Waits to be restored from the snapshot that is taken meanwhile."""
        self.connection.request("GET", f"{VERSION}/restore/next")
        self.connection.getresponse().read()

    def next(self):
        self.connection.request("GET", f"{VERSION}/invocation/next")
        reply = self.connection.getresponse()
        return reply.headers, reply.read()

    def post(self, path, body, headers=None):
        headers = {"Content-Type": "application/json", **(headers or {})}
        self.connection.request("POST", f"{VERSION}/{path}", body, headers)
        self.connection.getresponse().read()

    def fail(self, path, error):
        name = error.name if isinstance(error, PlatformError) else type(error).__name__
        trace = traceback.format_exception(error)
        told = {"errorType": name, "errorMessage": str(error), "stackTrace": trace}
        if Lines.is_json:
            print(json.dumps({"level": "ERROR", "requestId": Lines.request_id, **told}))
        else:
            print(f"[ERROR] {name}: {error}\n{''.join(trace)}")
        self.post(path, json.dumps(told), {"Lambda-Runtime-Function-Error-Type": name})


def load(handler):
    module, dot, name = handler.rpartition(".")
    if not dot:
        raise PlatformError("Runtime.MalformedHandlerName", f"Bad handler '{handler}'")
    try:
        loaded = importlib.import_module(module.replace("/", "."))
    except ImportError as error:
        message = f"Unable to import module '{module}': {error}"
        raise PlatformError("Runtime.ImportModuleError", message) from error
    except SyntaxError as error:
        message = f"Syntax error in module '{module}': {error}"
        raise PlatformError("Runtime.UserCodeSyntaxError", message) from error
    try:
        return getattr(loaded, name)
    except AttributeError as error:
        message = f"Handler '{name}' missing on module '{module}'"
        raise PlatformError("Runtime.HandlerNotFound", message) from error


def fork_workers():
    """On managed instances: one process for each invocation at once, and this one to wait for them."""
    most = os.environ.get("AWS_LAMBDA_MAX_CONCURRENCY")
    if most is None or 0 in (os.fork() for _ in range(int(most))):
        return
    _, status = os.wait()
    # Who is left is killed with the sandbox.
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def main():
    fork_workers()
    platform = Platform()
    # What was printed must not wait for more while the sandbox is frozen.
    sys.stdout.reconfigure(line_buffering=True)
    logging.getLogger().addHandler(Lines())
    # The function's folder, not that of this file.
    sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]
    try:
        handler = load(sys.argv[1])
    except BaseException as error:
        platform.fail("init/error", error)
        sys.exit(1)
    if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
        platform.restore()
    while True:
        headers, event = platform.next()
        context = Context(headers)
        Lines.request_id = context.aws_request_id
        os.environ["_X_AMZN_TRACE_ID"] = headers.get("Lambda-Runtime-Trace-Id", "")
        path = f"invocation/{context.aws_request_id}"
        try:
            reply = json.dumps(handler(json.loads(event), context))
        except Exception as error:
            platform.fail(f"{path}/error", error)
        else:
            platform.post(f"{path}/response", reply)


main()
