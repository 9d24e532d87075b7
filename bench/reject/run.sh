#!/usr/bin/env bash
# What a refusal costs, ours beside nginx's. One JSON line, kept in bench/history.jsonl.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -e build/release/build.ninja ] || cmake --preset release > /dev/null
ninja -C build/release maestro net_bench_upstream > /dev/null
exec python3 bench/reject/compare.py "$@"
