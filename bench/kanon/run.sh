#!/usr/bin/env bash
# k-anonymity: the optimal search on Adult (../shared/data) and on tables made by the bench itself.
# Published figures of ARX stand in docs/BENCHMARKS.md; it needs a JVM and is not run here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -e build/release/build.ninja ] || cmake --preset release > /dev/null
ninja -C build/release kanon_bench > /dev/null
# A process for each table: the peak of memory is its own.
{
  for table in adult cup_like fars_like syn_1m; do
    build/release/bin/kanon_bench "$table"
  done
} | python3 bench/record.py
