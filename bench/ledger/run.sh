#!/usr/bin/env bash
# Durable appends to the ledger beside a hash chain in SQLite. One JSON line, kept in
# bench/history.jsonl. usage: bench/ledger/run.sh [RECORDS; 900000]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -e build/release/build.ninja ] || cmake --preset release > /dev/null
ninja -C build/release ledger_bench > /dev/null
folder=$(mktemp -d build/ledger-bench-XXXXXX)  # on the disk of the checkout, not in memory
trap 'rm -rf "$folder"' EXIT
build/release/bin/ledger_bench "$folder" "${1:-900000}" | python3 bench/record.py
