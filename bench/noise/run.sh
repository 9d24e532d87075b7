#!/usr/bin/env bash
# Exact samplers beside a textbook one, the pool against timing, reports on declared batches.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -e build/release/build.ninja ] || cmake --preset release > /dev/null
ninja -C build/release noise_bench > /dev/null
build/release/bin/noise_bench | python3 bench/record.py
