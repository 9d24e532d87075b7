#!/usr/bin/env bash
# Decisions over OPA's REST API with a token, keep-alive, one event loop on core 0 and wrk on core 1.
# One JSON line, kept in bench/history.jsonl.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -e build/release/build.ninja ] || cmake --preset release > /dev/null
ninja -C build/release policy_rest_bench > /dev/null
exec python3 bench/policy-rest/measure.py "$@"
