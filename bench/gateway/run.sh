#!/usr/bin/env bash
# One governed hop, ours beside nginx and @apollo/gateway. One JSON line, kept in bench/history.jsonl.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -e build/release/build.ninja ] || cmake --preset release > /dev/null
ninja -C build/release maestro net_bench_upstream > /dev/null
exec python3 bench/gateway/compare.py "$@"
