#!/usr/bin/env bash
# Three PostgreSQL servers for as long as the command runs that the arguments are: a primary, a
# standby in its region, and one in another region. Each says with mc.region where it stands.
#   tests/e2e/residency/cluster.sh build/release/bin/mc_residency_postgres_test
# MC_TEST_CLUSTER_URL has all three, and takes the one that takes writes. MC_TEST_CLUSTER_THIRD is
# the last one alone. "$MC_TEST_CLUSTER_FAILOVER" ends the primary at once, without a word to
# anybody, and returns when the next server has taken its place: first the one in the region, then
# the other. $MC_TEST_CLUSTER_LOG0 to 2 name the servers' logs, which have every statement;
# $MC_TEST_CLUSTER_PSQL is a client. Exit status 77: no PostgreSQL here.
set -euo pipefail

bin="${MC_POSTGRES_BIN:-$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1 || true)}"
if [ -z "$bin" ] || [ ! -x "$bin/postgres" ]; then
  echo "cluster.sh: skipped, no PostgreSQL server programs (Debian package postgresql)" >&2
  exit 77
fi
regions=(eu-west-1 eu-west-1 us-east-1)

work="$(mktemp -d "${TMPDIR:-/tmp}/mc_cluster_XXXXXX")"
finish() {
  for i in 0 1 2; do
    if [ -s "$work/pid$i" ]; then kill -QUIT "$(cat "$work/pid$i")" 2>/dev/null || true; fi
  done
  wait
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 143' TERM INT

drop=()
if [ "$(id -u)" = 0 ]; then
  drop=(setpriv --reuid=postgres --regid=postgres --clear-groups)
  chmod 711 "$work"
fi
password="$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
(umask 077 && printf '%s\n' "$password" >"$work/password" &&
  printf '127.0.0.1:*:*:mc_test:%s\n' "$password" >"$work/passfile" &&
  cp "$work/passfile" "$work/passfile.server")
for i in 0 1 2; do install -d -m 700 "$work/data$i"; done
if [ "$(id -u)" = 0 ]; then
  chown postgres: "$work"/data? "$work/password" "$work/passfile.server"
fi

start() {  # NUMBER [OPTION...]; true once the server answers
  local i=$1
  shift
  for _ in $(seq 10); do
    port=$((20000 + RANDOM % 20000))
    "${drop[@]}" setpriv --pdeathsig QUIT "$bin/postgres" -D "$work/data$i" -p "$port" -h 127.0.0.1 \
      -c unix_socket_directories= -c max_connections=20 -c shared_buffers=32MB \
      -c log_statement=all -c "mc.region=${regions[$i]}" "$@" >>"$work/log$i" 2>&1 &
    echo $! >"$work/pid$i"
    for _ in $(seq 200); do
      kill -0 "$(cat "$work/pid$i")" 2>/dev/null || break
      # Somebody else's server may answer on this port while ours has given up.
      if "$bin/pg_isready" -q -h 127.0.0.1 -p "$port" && kill -0 "$(cat "$work/pid$i")" 2>/dev/null
      then
        echo "$port" >"$work/port$i"
        return 0
      fi
      sleep 0.05
    done
  done
  cat "$work/log$i" >&2
  return 1
}

"${drop[@]}" "$bin/initdb" --pgdata="$work/data0" --username=mc_test --pwfile="$work/password" \
  --auth=scram-sha-256 --encoding=UTF8 --locale=C >"$work/log" 2>&1 || {
  cat "$work/log" >&2
  exit 1
}
rm "$work/password"
start 0
for i in 1 2; do
  rmdir "$work/data$i"
  install -d -m 700 "$work/data$i"
  if [ "$(id -u)" = 0 ]; then chown postgres: "$work/data$i"; fi
  "${drop[@]}" "$bin/pg_basebackup" --pgdata="$work/data$i" --write-recovery-conf --checkpoint=fast \
    --dbname="postgres://mc_test@127.0.0.1:$(cat "$work/port0")/?passfile=$work/passfile.server&application_name=standby$i"
  start $i
done
# What is committed is on both standbys, so that no failover loses it.
psql() {
  PGPASSFILE="$work/passfile" "$bin/psql" -qAt -h 127.0.0.1 -p "$(cat "$work/port$1")" -U mc_test \
    -v ON_ERROR_STOP=1 -c "$2" postgres
}
psql 0 "ALTER SYSTEM SET synchronous_standby_names = 'ANY 2 (standby1, standby2)'"
psql 0 "ALTER SYSTEM SET synchronous_commit = remote_apply"
psql 0 "SELECT pg_reload_conf()" >/dev/null

cat >"$work/failover" <<END
#!/usr/bin/env bash
set -euo pipefail
for i in 0 1; do
  if [ -e "$work/pid\$i" ]; then
    kill -KILL "\$(cat "$work/pid\$i")"
    rm "$work/pid\$i"
    export PGPASSFILE="$work/passfile"
    "$bin/psql" -qAt -h 127.0.0.1 -p "\$(cat "$work/port\$((i + 1))")" -U mc_test \
      -c "SELECT pg_promote(true, 60)" postgres | grep -qx t
    exit 0
  fi
done
exit 1
END
chmod +x "$work/failover"

export MC_TEST_CLUSTER_FAILOVER="$work/failover"
export MC_TEST_CLUSTER_PSQL="$bin/psql"
for i in 0 1 2; do export "MC_TEST_CLUSTER_LOG$i=$work/log$i"; done
options="passfile=$work/passfile"
url="postgres://mc_test@127.0.0.1:$(cat "$work/port0"),127.0.0.1:$(cat "$work/port1"),127.0.0.1:$(cat "$work/port2")"
export MC_TEST_CLUSTER_URL="$url/postgres?target_session_attrs=read-write&$options"
export MC_TEST_CLUSTER_THIRD="postgres://mc_test@127.0.0.1:$(cat "$work/port2")/postgres?$options"
"$@"
