#!/usr/bin/env bash
# One hop of forwarding, ours against nginx proxy_pass, and idle memory. Prints one JSON line.
# Servers run on core 0; wrk and the upstream share core 1. CPU time comes from /proc.
set -euo pipefail
cd "$(dirname "$0")/../.."
ninja -C build/release net_bench_upstream net_bench_relay > /dev/null
exec python3 bench/net/compare.py "$@"
