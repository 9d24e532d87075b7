#!/usr/bin/env bash
# A release of 2,000,000 rows checked whole, in process; then, over the same file, what it takes only
# to count its distinct classes: an awk and a Python dictionary. Kept in bench/history.jsonl.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -e build/release/build.ninja ] || cmake --preset release > /dev/null
ninja -C build/release recheck_bench > /dev/null
folder="$(mktemp -d "${TMPDIR:-/tmp}/mc_bench_XXXXXX")"
trap 'rm -rf "$folder"' EXIT
{
  build/release/bin/recheck_bench "$folder/release.csv"
  python3 bench/recheck/peers.py "$folder/release.csv"
} | python3 bench/record.py
