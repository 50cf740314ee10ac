#!/usr/bin/env bash
# Installs the OpenID provider that logging in is tested against (tests/oidc), as its lock file says, where it is missing.
# Without Node.js it is left out with exit code 3, and what needs it is not tested; with CI set, that is a failure.
set -euo pipefail
cd "$(dirname "$0")/../tests/oidc"

readonly NODE_MIN=20.19 NO_NODE=3 FAILED=1

at_least() {
    [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

if ! command -v npm >/dev/null || ! at_least "$(node --version | tr -d v)" "$NODE_MIN"; then
    echo "login-provider: Node.js $NODE_MIN or later is not installed: logging in through a provider is not tested" >&2
    [ -z "${CI:-}" ] || exit $FAILED
    exit $NO_NODE
fi
[ node_modules/.package-lock.json -nt package-lock.json ] && exit
echo "login-provider: installing packages with npm" >&2
npm install --no-save --silent
touch node_modules/.package-lock.json
