#!/usr/bin/env bash
# Prints the node to run the suites with: 20 or later on PATH, else the pinned one of tools/node.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
major=$(node --version 2>/dev/null | sed -n 's/^v\([0-9]*\)\..*/\1/p')
if [ "${major:-0}" -ge 20 ]; then command -v node; else echo "$("$root/tools/node/run")/node"; fi
