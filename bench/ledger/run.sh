#!/usr/bin/env bash
# Durable appends to the ledger beside a hash chain in SQLite, then those of two processes to one
# ledger in a PostgreSQL of this run. Two JSON lines, kept in bench/history.jsonl.
# usage: bench/ledger/run.sh [RECORDS; 900000]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -e build/release/build.ninja ] || cmake --preset release > /dev/null
ninja -C build/release ledger_bench ledger_shared_bench > /dev/null
folder=$(mktemp -d build/ledger-bench-XXXXXX)  # on the disk of the checkout, not in memory
trap 'rm -rf "$folder"' EXIT
chmod 711 "$folder"  # the server runs as another user
records=${1:-900000}
build/release/bin/ledger_bench "$folder" "$records" | python3 bench/record.py
TMPDIR=$(realpath "$folder") tests/e2e/postgres.sh bash -c \
  'build/release/bin/ledger_shared_bench "$MC_TEST_POSTGRES_URL" "$0" "$1"' \
  "$folder/shared" "$((records / 3))" | python3 bench/record.py
