#!/usr/bin/env bash
# Every end-to-end suite, one after the other, with real processes on loopback:
#
#   postgres   the unit programs that need a PostgreSQL, under a private cluster
#   suite      the scenarios of tests/e2e/suite on SQLite, on PostgreSQL, and before an Apollo Server
#   operations start, stop, crash, reload, the command line, import, traces, metrics
#   portal     the portal in Chromium: flows, keyboard, axe-core, hostile names
#   oidc       access tokens of a real OpenID provider, good and forged, keys that rotate
#   alerts     Prometheus, Alertmanager and our inbox; the catalogue of ops/ against a demo
#   notify     webhooks and mail at real receivers, and a server that is killed 100 times
#   ledger     two servers, one the other's witness; receipts; a restored backup is found out;
#              a change of keys; a disk that fails; servers that share one ledger through PostgreSQL
#   sigstore   Sigstore's clients and verifiers against our log, our clock, our bundles
#   policy     OPA's client, bundles that change under load and bad ones, masks, an upstream that gives
#              all away, the decision log
#   residency  proofs of where data lie, while PostgreSQL servers fail over, one to another region
#   budgets    what is over a budget, before an upstream that counts
#   taps       what is held back in an emergency, in each way, with database and ledger broken
#   privacy    private queries, budgets under races and kills, top-ups, what is told; also on PostgreSQL
#   kanon      releases made, previewed and verified on the command line; tampered with, refused, ended
#   exports    rows that leave with a proof, verified in two ways; refused, held against each other, killed in the middle
#   cmk        providers of keys against real services, each program of tests/e2e/cmk
#   contract   every answer of the admin API against its OpenAPI document; auditors change nothing
#   and each tests/e2e/*_e2e.sh and *_e2e.py
#
# A suite prints doctest's summary or a closing line "N passed, N failed, N skipped"; exit status
# 77 means skipped. These lines are indented in the output, and the last line is their sum.
# Arguments name the suites to run (postgres sqlite pg apollo operations portal oidc ledger
# sigstore policy residency budgets taps privacy kanon exports cmk contract notify alerts scripts); none = all.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
passed=0 failed=0 skipped=0
wanted=" ${*:-postgres sqlite pg apollo operations portal oidc ledger sigstore policy residency budgets taps privacy kanon exports cmk contract notify alerts scripts} "
output="$(mktemp "${TMPDIR:-/tmp}/mc_e2e_XXXXXX")"
running=""
finish() {
  if [ -n "$running" ]; then kill -TERM -- "-$running" 2>/dev/null; fi
  rm -f "$output"
}
trap finish EXIT
trap 'exit 143' TERM INT

# Adds up what the output of one suite says that it counted.
count() {  # STATUS
  local found=no p f s line
  while IFS= read -r line; do
    if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ ([0-9]+)\ skipped)?$ ]]; then
      p=${BASH_REMATCH[1]} f=${BASH_REMATCH[2]} s=${BASH_REMATCH[4]:-0}
    elif [[ $line =~ test\ cases:\ *[0-9]+\ *\|\ *([0-9]+)\ passed\ *\|\ *([0-9]+)\ failed\ *\|\ *([0-9]+)\ skipped ]]; then
      p=${BASH_REMATCH[1]} f=${BASH_REMATCH[2]} s=${BASH_REMATCH[3]}
    else
      continue
    fi
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s)) found=yes
    if [ "$f" != 0 ]; then found=failed; fi
  done <"$output"
  if [ "$1" = 0 ]; then
    if [ $found = no ]; then passed=$((passed + 1)); fi
  elif [ $found != failed ]; then
    failed=$((failed + 1))  # it ended badly without counting why
  fi
}

suite() {
  local name=$1 status=0
  shift
  echo "== $name"
  # In a process group of its own, so that ending this script ends it as well.
  setsid -w "$@" >"$output" 2>&1 &
  running=$!
  wait "$running" || status=$?
  running=""
  # Indented and without "cases:", so that only the sum below is counted by who reads this.
  sed -e 's/^/  /' -e 's/^  \([0-9][0-9]* passed,\)/  = \1/' -e 's/test cases:/tests:/' \
    -e 's/^  skip\(ped\)\?:/skip:/' "$output"
  if [ $status = 77 ]; then
    echo "skip: $name"
    skipped=$((skipped + 1))
    return
  fi
  count $status
  if [ $status != 0 ]; then echo "== $name failed with exit status $status"; fi
}
# The npm packages of a folder, as locked.
packages() {
  [ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ] ||
    (cd "$1" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error >&2)
}
wants() { [[ $wanted == *" $1 "* ]]; }

if wants postgres; then
  for program in mc_postgres_test $(cd build/release/bin 2>/dev/null && ls -d *_postgres_test | grep -vxE 'mc_postgres_test|mc_residency_postgres_test'); do
    if ! [ -x "build/release/bin/$program" ]; then continue; fi
    suite "$program with PostgreSQL" tests/e2e/postgres.sh "build/release/bin/$program" --no-intro
  done
  program=build/release/bin/mc_residency_postgres_test
  if [ -x $program ]; then
    suite "failovers of a source" tests/e2e/residency/cluster.sh $program --no-intro
  fi
fi

node=$(tests/e2e/node.sh) || node=""
if [ -z "$node" ]; then
  echo "skip: no node 20 or later"
  skipped=$((skipped + 1))
else
  main=tests/e2e/suite/main.mjs
  if wants sqlite; then suite "suite on SQLite" "$node" $main sqlite; fi
  if wants pg; then suite "suite on PostgreSQL" tests/e2e/postgres.sh "$node" $main postgres; fi
  if wants apollo; then
    if packages tests/e2e/apollo; then
      suite "suite before Apollo Server" "$node" $main apollo
    else
      echo "skip: the suite before Apollo Server: npm ci failed"
      skipped=$((skipped + 1))
    fi
  fi
  for name in portal oidc contract notify; do
    if ! wants $name; then continue; fi
    # All of them hold the API's answers against its document, as contract does.
    if packages tests/e2e/contract && packages tests/e2e/$name; then
      suite $name "$node" tests/e2e/$name/main.mjs
    else
      echo "skip: $name: npm ci failed"
      skipped=$((skipped + 1))
    fi
  done
  if wants notify; then
    suite "notify on PostgreSQL" env MC_KILLS=10 tests/e2e/postgres.sh "$node" tests/e2e/notify/main.mjs
  fi
  if wants ledger; then
    suite ledger "$node" tests/e2e/ledger/main.mjs
    suite "keys of the ledger" "$node" tests/e2e/ledger/keys.mjs
    suite "ledger on a failing disk" "$node" tests/e2e/ledger/disk.mjs
    suite "ledger on PostgreSQL" tests/e2e/postgres.sh "$node" tests/e2e/ledger/shared.mjs
  fi
  # Its packages need a newer node than the others.
  if wants sigstore; then
    if packages tests/e2e/sigstore; then
      suite sigstore "$(tools/node/run)/node" tests/e2e/sigstore/main.mjs
    else
      echo "skip: sigstore: npm ci failed"
      skipped=$((skipped + 1))
    fi
  fi
  if wants policy; then
    if packages tests/e2e/policy && packages tests/e2e/apollo; then
      suite policy "$node" tests/e2e/policy/main.mjs
      suite "masks on PostgreSQL" tests/e2e/postgres.sh "$node" tests/e2e/policy/main.mjs postgres
    else
      echo "skip: policy: npm ci failed"
      skipped=$((skipped + 1))
    fi
  fi
  if wants residency; then
    suite residency tests/e2e/residency/cluster.sh "$node" tests/e2e/residency/main.mjs
  fi
  if wants budgets; then suite budgets "$node" tests/e2e/budgets/main.mjs; fi
  if wants privacy; then
    suite privacy "$node" tests/e2e/privacy/main.mjs
    suite "privacy on PostgreSQL" env MC_KILLS=4 tests/e2e/postgres.sh "$node" tests/e2e/privacy/main.mjs
  fi
  if wants taps; then suite taps "$node" tests/e2e/taps/main.mjs; fi
  if wants kanon; then suite kanon "$node" tests/e2e/kanon/main.mjs; fi
  if wants exports; then suite exports "$node" tests/e2e/exports/main.mjs; fi
  if wants alerts; then suite alerts "$node" tests/e2e/alerts/main.mjs; fi
  if wants operations && [ -e tests/e2e/operations.mjs ]; then
    suite "operations" "$node" tests/e2e/operations.mjs
  fi
fi

if wants cmk; then
  for script in tests/e2e/cmk/*; do
    if [ -f "$script" ] && [ -x "$script" ]; then suite "keys at $(basename "$script")" "$script"; fi
  done
fi

if wants scripts; then
  for script in tests/e2e/*_e2e.sh tests/e2e/*_e2e.py; do
    if [ -x "$script" ]; then suite "$(basename "${script%.*}")" "$script"; fi
  done
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ] && [ $passed != 0 ]
