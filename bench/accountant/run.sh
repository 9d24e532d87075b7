#!/usr/bin/env bash
# The privacy accountant on SQLite beside plain transactions with like rows. One JSON line, kept in
# bench/history.jsonl.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -e build/release/build.ninja ] || cmake --preset release > /dev/null
ninja -C build/release accountant_bench > /dev/null
folder=$(mktemp -d build/accountant-bench-XXXXXX)  # on the disk of the checkout, not in memory
trap 'rm -rf "$folder"' EXIT
build/release/bin/accountant_bench "$folder" | python3 bench/record.py
