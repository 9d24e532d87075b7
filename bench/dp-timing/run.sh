#!/usr/bin/env bash
# Does the time of a private answer tell its noise? 20,000 counts over HTTP; exit status 1 when their
# latency and the size of their noise correlate by more than 0.02. One JSON line, kept in bench/history.jsonl.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -e build/release/build.ninja ] || cmake --preset release > /dev/null
ninja -C build/release maestro > /dev/null
exec python3 bench/dp-timing/measure.py "$@"
