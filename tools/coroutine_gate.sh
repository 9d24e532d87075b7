#!/usr/bin/env bash
# usage: tools/coroutine_gate.sh [file.cc ...]
#
# Refuses expressions with co_await that g++ 12 miscompiles: braces, lambdas or a conditional with
# braces inside one full expression. The rule is a clang-query matcher over our own files that
# contain co_await (or the files given), and over tests/house/coroutine_patterns.cc, where exactly
# the lines marked "bad" must match: so a gate that has gone blind fails too.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
jobs=${MC_JOBS:-$(nproc)}
sample=tests/house/coroutine_patterns.cc
database=build/release
[ -f $database/compile_commands.json ] || cmake --preset release > /dev/null

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/query" <<'QUERY'
set bind-root true
set output diag
match stmt(isExpansionInFileMatching("/(src|sim|tests)/[^/]+/"), anyOf(coawaitExpr(hasDescendant(lambdaExpr())), coawaitExpr(hasDescendant(initListExpr())), initListExpr(hasDescendant(coawaitExpr())), conditionalOperator(hasDescendant(coawaitExpr()), hasDescendant(initListExpr()))))
QUERY

# file:line of every match in one file.
query() {
  clang-query-19 -p $database -f "$work/query" "$1" > "$work/out.$$" 2> "$work/err.$$" || true
  if ! grep -q 'match' "$work/out.$$" || grep -q 'error:' "$work/err.$$"; then
    echo "coroutine gate: cannot read $1" >&2
    cat "$work/err.$$" >&2
    return 1
  fi
  sed -n "s|^$PWD/\(.*\):\([0-9]*\):[0-9]*: note: \"root\" binds here\$|\1:\2|p" "$work/out.$$"
}
export -f query
export work database

# Every .cc with co_await, and every .cc of a module whose headers have one.
files() {
  { grep -rlw --include='*.cc' co_await src sim 2> /dev/null
    grep -rlw --include='*.h' co_await src sim 2> /dev/null | xargs -r dirname | sort -u |
      xargs -r -I{} find {} -maxdepth 1 -name '*.cc'; } | sort -u |
    while read -r file; do
      if grep -qF "/$file\"" $database/compile_commands.json; then echo "$file"; fi
    done
}

expected=$(grep -n '// bad$' $sample | sed "s|^\([0-9]*\):.*|$sample:\1|" | sort -u)
found=$(query $sample | sort -u)
if [ "$expected" != "$found" ]; then
  echo "coroutine gate: the samples marked bad and those flagged differ:" >&2
  diff <(echo "$expected") <(echo "$found") >&2 || true
  exit 1
fi

if [ $# -gt 0 ]; then list=$(printf '%s\n' "$@"); else list=$(files || true); fi
if [ -z "$list" ]; then echo "coroutine gate: the sample is flagged; no file has co_await"; exit 0; fi
matches=$(xargs -P "$jobs" -n 1 bash -euc 'query "$1"' query <<< "$list" | sort -u)
if [ -n "$matches" ]; then
  echo "coroutine gate: g++ 12 miscompiles these; name the argument or the lambda first:" >&2
  echo "$matches" >&2
  exit 1
fi
echo "coroutine gate: $(wc -l <<< "$list") files clean"
