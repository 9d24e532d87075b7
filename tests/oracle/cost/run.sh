#!/usr/bin/env bash
# usage: tests/oracle/cost/run.sh [COUNT [SEED]]      100000 documents, seed 1
#
# Builds cost_oracle and compares it with an evaluator of the cost of operations that was written
# from docs/formats/cost.md alone. Before that the evaluator's own tests, and the proof that the
# comparison notices wrong evaluators. Closes with "N passed, N failed", one for each of the three.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
count=${1:-100000}
seed=${2:-1}
[ -e build/release/build.ninja ] || cmake --preset release > /dev/null
ninja -C build/release cost_oracle > /dev/null
node=$PWD/tools/node/run
[ -d tests/oracle/graphql/node_modules/graphql ] || (cd tests/oracle/graphql && "$node" npm ci --silent)
# Node looks for packages beside the script; the other oracle owns the only copy.
ln -sfn ../graphql/node_modules tests/oracle/cost/node_modules
cd tests/oracle/cost
export NODE_ENV=production # graphql-js checks its own classes at every step otherwise

passed=0
failed=0
check() {
  if "$node" node "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
  fi
}
check --test --test-reporter=dot cost_test.mjs
check diff_cost.mjs --self
check diff_cost.mjs --count "$count" --seed "$seed"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
