#!/usr/bin/env bash
# How soon people hear that a fifth of a privacy budget is left: from the answer of the query that crosses
# it to a webhook received, to the portal's API, and to the page Privacy in Chromium. One JSON line a
# figure in bench/history.jsonl; fails above 5 s.
#
#   bench/alert20/run.sh [--tenants 6] [--dry]     dry: prints the lines, and keeps none
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -e build/release/build.ninja ] || cmake --preset release > /dev/null
ninja -C build/release maestro > /dev/null
# The browser and its driver are those of the tests.
[ tests/e2e/portal/node_modules/.package-lock.json -nt tests/e2e/portal/package-lock.json ] ||
  (cd tests/e2e/portal && ../../../tools/node/run npm ci --silent --no-audit --no-fund --ignore-scripts)
exec tools/node/run node bench/alert20/measure.mjs "$@"
