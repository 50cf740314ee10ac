#!/usr/bin/env bash
# Verifies deliveries that were captured on the wire with the published `standardwebhooks` libraries of Python and of npm: as
# they are, they are taken; with body, id, time or secret altered, they are refused. Signatures of key pairs, which these
# libraries pass over, are verified by OpenSSL in node. Needs python3, node and their registries.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly PYTHON_VERSION=1.1.0 NPM_VERSION=1.1.1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

CAPSTAN_CAPTURES=$work cargo run --quiet -p capstan-private-postgres --bin with-postgres -- \
    cargo test --quiet --workspace --test worker -- webhooks::what_happens webhooks::pairs::a_key_pair >&2
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "standardwebhooks==$PYTHON_VERSION" >&2
npm install --silent --no-fund --no-audit --prefix "$work" "standardwebhooks@$NPM_VERSION" >&2
cp scripts/webhooks/verify.mjs "$work"
for captures in "$work/secrets.json" "$work/pairs.json"; do
    "$work/venv/bin/python" scripts/webhooks/verify.py "$captures"
    node "$work/verify.mjs" "$captures"
done
echo '{"refused_by_a_library":0}'
