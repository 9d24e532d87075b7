#!/usr/bin/env bash
# A victim beside an attacker with unique documents of 1,000 aliases: ours, @apollo/gateway and Hive
# Gateway in one run. One JSON line, kept in bench/history.jsonl.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -e build/release/build.ninja ] || cmake --preset release > /dev/null
ninja -C build/release maestro net_bench_upstream > /dev/null
exec python3 bench/noisy/compare.py "$@"
