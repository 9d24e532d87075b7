#!/usr/bin/env bash
# usage: tools/lint.sh format | fix | clang-tidy [file ...]
#
# format: clang-format 19 would change nothing. fix: lets it change. clang-tidy: on the .cc files
# given, else on those changed since MC_BASE (default: where this branch left main, or HEAD~1).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
jobs=${MC_JOBS:-$(nproc)}

sources() { find src sim tests bench -type f \( -name '*.cc' -o -name '*.h' \) 2> /dev/null | sort; }

changed() {
  local base=${MC_BASE:-}
  if [ -z "$base" ]; then
    base=$(git merge-base HEAD main 2> /dev/null || true)
    [ -n "$base" ] && [ "$base" != "$(git rev-parse HEAD)" ] || base=HEAD~1
  fi
  { git diff --name-only --diff-filter=d "$base" -- 'src/*.cc' 'sim/*.cc'
    git ls-files --others --exclude-standard -- 'src/*.cc' 'sim/*.cc'; } | sort -u
}

case ${1:-} in
  format) sources | xargs -r -P "$jobs" -n 40 clang-format-19 --dry-run --Werror ;;
  fix) sources | xargs -r -P "$jobs" -n 40 clang-format-19 -i ;;
  clang-tidy)
    shift
    [ -f build/release/compile_commands.json ] || cmake --preset release > /dev/null
    files=$({ if [ $# -gt 0 ]; then printf '%s\n' "$@"; else changed; fi; } |
      while read -r file; do
        if grep -qF "/$file\"" build/release/compile_commands.json; then echo "$file"; fi
      done)
    if [ -z "$files" ]; then echo "clang-tidy: no changed file"; exit 0; fi
    xargs -P "$jobs" -n 1 clang-tidy-19 -p build/release --quiet <<< "$files" ;;
  *) sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
