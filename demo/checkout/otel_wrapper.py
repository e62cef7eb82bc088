"""What a tracing layer puts in front of a handler: OpenTelemetry's auto-instrumentation, then the handler itself.

The function's handler setting names this module; ORIG_HANDLER names the code that the team wrote, which knows nothing of tracing.
"""

import os
from importlib import import_module

from opentelemetry.instrumentation.auto_instrumentation import initialize

initialize()

module, _, name = os.environ["ORIG_HANDLER"].rpartition(".")
handler = getattr(import_module(module), name)
