"""Calls the handler of a file with an empty event and prints its answer as the last line."""

import json
import runpy
import sys

print(json.dumps(runpy.run_path(sys.argv[1])["handler"]({}, None)))
