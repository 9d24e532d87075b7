#!/usr/bin/env bash
# usage: tests/oracle/graphql/run.sh [COUNT [SEED]]      100000 documents, seed 1
#
# Builds graphql_oracle, installs the pinned graphql package and compares with it: parse and print,
# schema building, validation, execution, introspection. Closes with "N passed, N failed", one for
# each comparison. Schemas are compared a fifth, introspections a three-hundredth as often.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
count=${1:-100000}
seed=${2:-1}
[ -e build/release/build.ninja ] || cmake --preset release > /dev/null
ninja -C build/release graphql_oracle > /dev/null
cd tests/oracle/graphql
[ -d node_modules/graphql ] || ../../../tools/node/run npm ci --silent

passed=0
failed=0
compare() {
  if ../../../tools/node/run node "diff_$1.mjs" --count "$2" --seed "$seed"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
  fi
}
compare parse "$count"
compare schema $((count / 5 + 1))
compare validate "$count"
compare execute "$count"
compare introspect $((count / 300 + 1))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
