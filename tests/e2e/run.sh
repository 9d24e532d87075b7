#!/usr/bin/env bash
# Every end-to-end suite, one after the other: the driver contract against a real PostgreSQL, then
# each tests/e2e/*_e2e.sh and *_e2e.py. A suite prints doctest's summary or its own closing line
# "N passed, N failed[, N skipped]"; exit status 77 means skipped. tools/run_checks.py adds them up.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
bad=0

suite() {
  local name=$1 status=0
  shift
  echo "== $name"
  "$@" || status=$?
  case $status in
    0) ;;
    77) printf 'SKIP: %s\n0 passed, 0 failed, 1 skipped\n' "$name" ;;
    *) bad=1; printf '== %s failed with exit status %d\n' "$name" $status ;;
  esac
}

if [ -x build/release/bin/mc_postgres_test ]; then
  suite postgres tests/e2e/postgres.sh build/release/bin/mc_postgres_test --no-intro
fi
for script in tests/e2e/*_e2e.sh tests/e2e/*_e2e.py; do
  if [ -x "$script" ]; then suite "$(basename "${script%.*}")" "$script"; fi
done
exit $bad
