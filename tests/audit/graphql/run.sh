#!/usr/bin/env bash
# The GraphQL-over-HTTP server audits (npm graphql-http, pinned) against a maestro of its own, or
# against the URL given with the token in MC_AUDIT_TOKEN. Exit 1 unless every audit is ok.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
root=$(cd ../../.. && pwd)
node=$("$root/tests/e2e/node.sh")
if ! [ node_modules/.package-lock.json -nt package-lock.json ]; then
  npm ci --no-audit --no-fund --ignore-scripts --loglevel=error >&2
fi
exec "$node" audit.mjs "$@"
