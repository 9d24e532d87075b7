"""Keeps JSON lines from standard input in bench/history.jsonl, with machine, commit and date."""
import json
import sys

import common

for line in sys.stdin:
    common.emit(json.loads(line))
