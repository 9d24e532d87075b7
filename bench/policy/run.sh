#!/usr/bin/env bash
# The policy engine in process, beside Cedar: decisions, their growth with rules, threads and data,
# compilation, the decision log, masks. A JSON line each, kept in bench/history.jsonl.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -e build/release/build.ninja ] || cmake --preset release > /dev/null
ninja -C build/release policy_bench mask_bench > /dev/null
[ bench/policy/node_modules/.package-lock.json -nt bench/policy/package-lock.json ] ||
  (cd bench/policy && ../../tools/node/run npm ci --silent --no-audit --no-fund --ignore-scripts)
folder=$(mktemp -d build/policy-bench-XXXXXX)  # on the disk of the checkout, not in memory
trap 'rm -rf "$folder"' EXIT
python3 bench/policy/generate.py data "$folder/data.json"
python3 bench/policy/generate.py policy "$folder/policy.rego"
program=build/release/bin/policy_bench
{
  "$program" decisions
  "$program" gate "$folder"
  "$program" rules
  "$program" threads
  "$program" data "$folder/data.json"
  "$program" compile "$folder/policy.rego"
  "$program" log "$folder"
  build/release/bin/mask_bench
  tools/node/run node bench/policy/peer.mjs "$program"
} | python3 bench/record.py
