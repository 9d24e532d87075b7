#!/usr/bin/env bash
# How fast the portal feels, in Chromium on loopback. A table, and one JSON line in bench/history.jsonl.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -e build/release/build.ninja ] || cmake --preset release > /dev/null
ninja -C build/release maestro > /dev/null
# The browser and its driver are those of the tests.
[ tests/e2e/portal/node_modules/.package-lock.json -nt tests/e2e/portal/package-lock.json ] ||
  (cd tests/e2e/portal && ../../../tools/node/run npm ci --silent --no-audit --no-fund --ignore-scripts)
exec tools/node/run node bench/portal/measure.mjs "$@"
