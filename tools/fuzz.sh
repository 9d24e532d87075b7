#!/usr/bin/env bash
# usage: tools/fuzz.sh NAME | --all       builds and runs the libFuzzer target NAME_fuzz
#
# Runs FUZZ_SECONDS (default 600) on the seeds in tests/corpus/NAME; what it finds goes to
# build/fuzz/corpus/NAME, a crashing input to build/fuzz/crash-*. --all shares the time out evenly.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=${FUZZ_SECONDS:-600}
jobs=${MC_JOBS:-$(nproc)}

names() { find src sim -name '*_fuzz.cc' -printf '%f\n' | sed 's/_fuzz\.cc$//' | sort; }

fuzz_one() {
  local name=$1 limit=$2 found=build/fuzz/corpus/$1
  ninja -C build/fuzz -j "$jobs" "${name}_fuzz"
  mkdir -p "$found" "tests/corpus/$name"
  echo "== ${name}_fuzz for $limit s"
  "build/fuzz/bin/${name}_fuzz" -max_total_time="$limit" -print_final_stats=1 -timeout=10 \
    -rss_limit_mb=2048 -artifact_prefix=build/fuzz/crash- "$found" "tests/corpus/$name"
}

[ $# -eq 1 ] || { sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2; }
cmake --preset fuzz > /dev/null
if [ "$1" = --all ]; then
  count=$(names | wc -l)
  [ "$count" -gt 0 ] || { echo "there is no fuzz target"; exit 0; }
  share=$((seconds / count > 5 ? seconds / count : 5))
  for name in $(names); do fuzz_one "$name" "$share"; done
  echo "$count passed, 0 failed"
else
  names | grep -qx -- "$1" || { echo "no $1_fuzz; there are: $(names | tr '\n' ' ')" >&2; exit 2; }
  fuzz_one "$1" "$seconds"
fi
