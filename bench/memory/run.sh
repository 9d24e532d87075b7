#!/usr/bin/env bash
# Resident memory, idle and with 10,000 idle connections. One JSON line, kept in bench/history.jsonl.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -e build/release/build.ninja ] || cmake --preset release > /dev/null
ninja -C build/release maestro > /dev/null
exec python3 bench/memory/measure.py "$@"
