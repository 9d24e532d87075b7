#!/usr/bin/env bash
# Noisy releases: a million rows into ten thousand groups, quantiles, top-k, one count; in process.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -e build/release/build.ninja ] || cmake --preset release > /dev/null
ninja -C build/release dp_bench > /dev/null
build/release/bin/dp_bench | python3 bench/record.py
