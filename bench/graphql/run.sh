#!/usr/bin/env bash
# Parse and validation speed beside graphql-js: builds the bench, installs the oracle's pinned graphql package.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -e build/release/build.ninja ] || cmake --preset release > /dev/null
ninja -C build/release graphql_parse_bench graphql_validate_bench > /dev/null
[ -d tests/oracle/graphql/node_modules/graphql ] || npm ci --silent --prefix tests/oracle/graphql
# Node looks for packages beside the script; the oracle owns the only copy.
ln -sfn ../../tests/oracle/graphql/node_modules bench/graphql/node_modules
for script in run.mjs validate.mjs; do
  node "bench/graphql/$script" | python3 bench/record.py
done
