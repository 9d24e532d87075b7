#!/usr/bin/env bash
# All of the keys of tenants: ciphers, envelopes, the keyring on a file.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -e build/release/build.ninja ] || cmake --preset release > /dev/null
ninja -C build/release cipher_bench envelope_bench keys_bench > /dev/null
folder=$(mktemp -d build/keys-bench-XXXXXX)  # on the disk of the checkout, not in memory
trap 'rm -rf "$folder"' EXIT
build/release/bin/cipher_bench | python3 bench/record.py
build/release/bin/envelope_bench | python3 bench/record.py
build/release/bin/keys_bench "$folder" | python3 bench/record.py
