#!/usr/bin/env bash
# Time of a clean build; not part of make bench. One JSON line, kept in bench/history.jsonl.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec python3 bench/build/measure.py "$@"
