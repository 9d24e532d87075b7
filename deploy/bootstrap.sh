#!/usr/bin/env bash
# Installs what is missing of deploy/packages.txt, and nothing else.
#
# usage: deploy/bootstrap.sh [--check] [group ...]      groups: build run test bench
# Default groups: build run test. When everything is there it only reads dpkg's database: no
# network, well under a second. --check installs nothing. Exit 3: something is missing and may
# not be installed here (not root, not Debian, --check); the exact command is printed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
check_only=0
groups=()
for argument in "$@"; do
  case $argument in
    --check) check_only=1 ;;
    build | run | test | bench) groups+=("$argument") ;;
    *) echo "bootstrap: unknown argument '$argument' (groups: build run test bench)" >&2; exit 2 ;;
  esac
done
[ ${#groups[@]} -gt 0 ] || groups=(build run test)

# The lines of the wanted groups: "package [command]".
wanted() {
  awk -v want=" ${groups[*]} " '
    /^# group:/ { on = index(want, " " $3 " ") > 0; next }
    /^#/ || NF == 0 { next }
    on { print $1, $2 }' "$here/packages.txt"
}

if ! command -v dpkg-query > /dev/null; then
  echo "bootstrap: this is not Debian; install the equivalents of:" >&2
  wanted | awk '{printf "  %s\n", $1}' >&2
  exit 3
fi

installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p')
missing=()
while read -r package command; do
  if [ -n "$command" ] && command -v "$command" > /dev/null; then continue; fi
  grep -qxF -- "$package" <<< "$installed" || missing+=("$package")
done <<< "$(wanted)"

if [ ${#missing[@]} -eq 0 ]; then
  echo "bootstrap: all packages of '${groups[*]}' are there"
  exit 0
fi
line="apt-get install -y --no-install-recommends ${missing[*]}"
if [ "$check_only" = 1 ] || [ "$(id -u)" != 0 ]; then
  {
    echo "bootstrap: ${#missing[@]} Debian packages are missing. As root, run:"
    echo
    echo "  apt-get update && $line"
    echo
    echo "then start again."
  } >&2
  exit 3
fi
if [ "$(. /etc/os-release && echo "${VERSION_ID:-}")" != 12 ]; then
  echo "bootstrap: made for Debian 12; this is $(. /etc/os-release && echo "$PRETTY_NAME")" >&2
fi
# Boost 1.81 and the default 1.74 headers exclude each other; removing a user's package is theirs.
if grep -qx libboost1.74-dev <<< "$installed"; then
  case " ${missing[*]} " in *" libboost1.81-dev "*)
    echo "bootstrap: libboost1.81-dev replaces libboost1.74-dev, which is installed. Run:" >&2
    echo "  apt-get update && $line" >&2
    exit 3 ;;
  esac
fi

export DEBIAN_FRONTEND=noninteractive
lock_wait=(-o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
run() { "$@" > "$log" 2>&1 || { cat "$log" >&2; echo "bootstrap: failed: $*" >&2; exit 1; }; }
echo "bootstrap: installing ${missing[*]}"
run apt-get "${lock_wait[@]}" -q update
run apt-get "${lock_wait[@]}" -q install -y --no-install-recommends --no-remove "${missing[@]}"
echo "bootstrap: installed ${#missing[@]} packages"
