#!/usr/bin/env bash
# Rows a second of dataset import. One JSON line, kept in bench/history.jsonl.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -e build/release/build.ninja ] || cmake --preset release > /dev/null
ninja -C build/release maestro > /dev/null
exec python3 bench/import/measure.py "$@"
