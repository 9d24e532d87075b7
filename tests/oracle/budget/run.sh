#!/usr/bin/env bash
# usage: tests/oracle/budget/run.sh [EVENTS [SEED]]      1000000 events, seed 1
#
# Builds budget_oracle and compares it with the evaluator of evaluator.py: that the comparison
# notices a wrong evaluator, then random budgets and events. Closes with "N passed, N failed", one
# for each of the two.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
events=${1:-1000000}
seed=${2:-1}
[ -e build/release/build.ninja ] || cmake --preset release > /dev/null
ninja -C build/release budget_oracle > /dev/null
cd tests/oracle/budget

passed=0
failed=0
compare() {
  if python3 diff_budget.py "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
  fi
}
compare --self --seed "$seed"
compare --events "$events" --seed "$seed"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
