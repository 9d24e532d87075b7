#!/usr/bin/env bash
# Local recoding of the adult census table under MC_DATA, and of 1,000,000 rows made of it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
data="${MC_DATA:-../shared/data}/adult"
if [ ! -e "$data/adult.csv" ]; then
  echo "skipped, no adult/adult.csv under MC_DATA" >&2
  exit 0
fi
[ -e build/release/build.ninja ] || cmake --preset release > /dev/null
ninja -C build/release recode_bench > /dev/null
build/release/bin/recode_bench "$data" | python3 bench/record.py
