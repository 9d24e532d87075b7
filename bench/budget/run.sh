#!/usr/bin/env bash
# Admission over five buckets, what sharing them adds, their journal and the fair queue, in process.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -e build/release/build.ninja ] || cmake --preset release > /dev/null
ninja -C build/release budget_bench shared_budgets_bench journal_bench fair_queue_bench > /dev/null
{
  build/release/bin/budget_bench
  build/release/bin/shared_budgets_bench
  build/release/bin/journal_bench
  build/release/bin/fair_queue_bench
} | python3 bench/record.py
