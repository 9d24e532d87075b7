#!/usr/bin/env bash
# A private PostgreSQL cluster in a temporary folder, on a free loopback port, for as long as this
# script runs. Without arguments it prints the URL and waits for the end of its input; with
# arguments it runs them as a command with MC_TEST_POSTGRES_URL set and ends with its exit status.
#   tests/e2e/postgres.sh build/release/bin/mc_postgres_test
# As root the server runs as user postgres (it refuses root). Exit status 77: no PostgreSQL here.
set -euo pipefail

bin="${MC_POSTGRES_BIN:-$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1 || true)}"
if [ -z "$bin" ] || [ ! -x "$bin/postgres" ]; then
  echo "postgres.sh: skipped, no PostgreSQL server programs (Debian package postgresql)" >&2
  exit 77
fi

work="$(mktemp -d "${TMPDIR:-/tmp}/mc_postgres_XXXXXX")"
server=""
finish() {
  if [ -n "$server" ]; then
    kill -QUIT "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 143' TERM INT

drop=()
if [ "$(id -u)" = 0 ]; then
  drop=(setpriv --reuid=postgres --regid=postgres --clear-groups)
  chmod 711 "$work"
fi

# The password exists only in these two files; the second is what libpq reads (passfile=).
password="$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
install -d -m 700 "$work/data"
(umask 077 && printf '%s\n' "$password" >"$work/password" &&
  printf '127.0.0.1:*:*:mc_test:%s\n' "$password" >"$work/passfile")
if [ "$(id -u)" = 0 ]; then chown postgres: "$work/data" "$work/password"; fi
"${drop[@]}" "$bin/initdb" --pgdata="$work/data" --username=mc_test --pwfile="$work/password" \
  --auth=scram-sha-256 --encoding=UTF8 --locale=C >"$work/log" 2>&1 || {
  cat "$work/log" >&2
  exit 1
}
rm "$work/password"

start() {  # PORT; true once the server answers there
  # The death signal ends the server even when this script is killed outright.
  "${drop[@]}" setpriv --pdeathsig QUIT "$bin/postgres" -D "$work/data" -p "$1" -h 127.0.0.1 \
    -c unix_socket_directories= -c max_connections=20 -c shared_buffers=32MB \
    >>"$work/log" 2>&1 &
  server=$!
  for _ in $(seq 200); do
    if "$bin/pg_isready" -q -h 127.0.0.1 -p "$1"; then
      # Somebody else's server may answer on this port while ours has given up.
      kill -0 "$server" 2>/dev/null && return 0
    fi
    kill -0 "$server" 2>/dev/null || break
    sleep 0.05
  done
  kill -QUIT "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
  server=""
  return 1
}

for _ in $(seq 10); do
  port=$((20000 + RANDOM % 20000))
  if start "$port"; then break; fi
done
if [ -z "$server" ]; then
  cat "$work/log" >&2
  exit 1
fi

export MC_TEST_POSTGRES_URL="postgres://mc_test@127.0.0.1:$port/postgres?passfile=$work/passfile"
if [ $# -eq 0 ]; then
  echo "$MC_TEST_POSTGRES_URL"
  cat >/dev/null
else
  "$@"
fi
