#!/usr/bin/env bash
# usage: recipe.sh RECEIPT VERIFIER_KEY      the recipe of docs/formats/proofs.md, whole
#
# Checks a receipt with openssl, sha256sum, jq and xxd alone; says what does not hold, and ends with 1.
set -euo pipefail
receipt=$1 key=${2#*+}
key=${key#*+}  # behind the second plus: base64 has some of its own
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "does not hold: $1"; exit 1; }
hash() { sha256sum | cut -c1-64; }
bytes() { printf %s "$1" | xxd -r -p; }

# root PREFIX INDEX SIZE: from the leaf in PREFIX.leaf over the path in PREFIX.path (RFC 9162 section 2.1.3.2)
root() {
  local index=$2 last=$(($3 - 1)) node
  [ "$index" -le "$last" ] || fail "index past the end"
  node=$(printf '\000' | cat - "$1.leaf" | hash)
  while read -r step; do
    [ "$last" -gt 0 ] || fail "a hash too many"
    if ((index % 2 == 1 || index == last)); then
      node=$({ printf '\001'; bytes "$step$node"; } | hash)
      while ((index % 2 == 0 && index != 0)); do index=$((index / 2)) last=$((last / 2)); done
    else
      node=$({ printf '\001'; bytes "$node$step"; } | hash)
    fi
    index=$((index / 2)) last=$((last / 2))
  done < "$1.path"
  [ "$last" -eq 0 ] || fail "a hash is missing"
  echo "$node"
}

for part in record head; do
  jq -j ".$part.leaf" "$receipt" > "$work/$part.leaf"
  jq -r ".$part.path[]" "$receipt" | while read -r each; do
    printf %s "$each" | base64 -d | xxd -p -c 64
  done > "$work/$part.path"
done
jq -j .checkpoint "$receipt" > "$work/note"

if [ "$(jq 'has("opened")' "$receipt")" = true ]; then
  jq -r .opened.salt "$receipt" | base64 -d > "$work/salt"
  jq -r .opened.payload "$receipt" | base64 -d > "$work/payload"
  [ "$(printf '\002' | cat - "$work/salt" "$work/payload" | hash)" = "$(jq -r .pc "$work/record.leaf")" ] ||
    fail payload
fi
[ "$(jq -r .head.log "$work/head.leaf")" = "$(jq -r .log "$work/record.leaf")" ] || fail head
[ "$(root "$work/record" "$(jq .seq "$work/record.leaf")" "$(jq .head.size "$work/head.leaf")")" = \
  "$(jq -r .head.root "$work/head.leaf")" ] || fail inclusion

sed '/^$/,$d' "$work/note" > "$work/text"
grep '^— ' "$work/note" | head -1 | sed 's/.* //' | base64 -d | tail -c 64 > "$work/signature"
{
  printf '\060\052\060\005\006\003\053\145\160\003\041\000'
  printf %s "$key" | base64 -d | tail -c 32
} > "$work/key.der"
openssl pkeyutl -verify -pubin -keyform DER -inkey "$work/key.der" -rawin -in "$work/text" \
  -sigfile "$work/signature" > /dev/null 2>&1 || fail checkpoint
[ "$(root "$work/head" "$(jq .seq "$work/head.leaf")" "$(sed -n 2p "$work/text")")" = \
  "$(sed -n 3p "$work/text" | base64 -d | xxd -p -c 64)" ] || fail head_inclusion
echo "verified"
