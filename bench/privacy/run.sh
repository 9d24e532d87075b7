#!/usr/bin/env bash
# All of the privacy engines: noise, mechanisms, accounts, the planner, k-anonymity and its check.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -e build/release/build.ninja ] || cmake --preset release > /dev/null
ninja -C build/release planner_bench > /dev/null
for part in noise dp accountant; do bench/$part/run.sh; done
build/release/bin/planner_bench | python3 bench/record.py
for part in kanon recode recheck; do bench/$part/run.sh; done
