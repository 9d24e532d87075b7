#!/usr/bin/env bash
# usage: tests/oracle/envelope/run.sh [ROUNDS [SEED]]      500 rounds, seed 1
#
# Builds envelope_oracle and compares it with envelope.mjs, which was written from
# docs/formats/envelope.md alone: that wrong readings of the page are noticed, then the golden file,
# then what each side makes for the other. Closes with "N passed, N failed", one for each of the three.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
rounds=${1:-500}
seed=${2:-1}
[ -e build/release/build.ninja ] || cmake --preset release > /dev/null
ninja -C build/release envelope_oracle > /dev/null
node=$PWD/tools/node/run
cd tests/oracle/envelope

passed=0
failed=0
compare() {
  if "$node" node diff_envelope.mjs "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
  fi
}
compare --self true
compare --golden true
compare --count "$rounds" --seed "$seed"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
