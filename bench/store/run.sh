#!/usr/bin/env bash
# What requests that are let in take while the Redis that budgets are shared in is silent, beside
# what they take before. One JSON line for each mode, kept in bench/history.jsonl.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -e build/release/build.ninja ] || cmake --preset release > /dev/null
ninja -C build/release maestro > /dev/null
tools/node/run node bench/store/silent.mjs "$@" | python3 bench/record.py
