#!/usr/bin/env bash
# usage: tests/oracle/graphql/run.sh [COUNT [SEED]]      100000 documents, seed 1
#
# Builds graphql_oracle, installs the pinned graphql package and compares parse and print with it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
[ -e build/release/build.ninja ] || cmake --preset release > /dev/null
ninja -C build/release graphql_oracle > /dev/null
cd tests/oracle/graphql
[ -d node_modules/graphql ] || npm ci --silent
exec node diff_parse.mjs --count "${1:-100000}" --seed "${2:-1}"
