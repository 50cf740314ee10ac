#!/usr/bin/env bash
# Events that the vendor's own library of Python signs and reads, sent to a real API: what that library takes is taken in, once, and
# gives the workspace its plan; what it refuses is refused. Needs python3 and PyPI. The last line is one JSON object.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly BINARY=${CAPSTAN_BINARY:-$PWD/target/release/capstan}
folder=${STRIPE_FOLDER:-$PWD/target/stripe}
export STRIPE_FOLDER=$folder

if [[ ${1:-} != --with-postgres ]]; then
    mkdir -p "$folder"
    [[ -x $folder/venv/bin/python ]] || python3 -m venv "$folder/venv"
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check -r scripts/stripe/requirements.txt >&2
    exec cargo run --quiet -p capstan-private-postgres --bin with-postgres -- "$0" --with-postgres
fi

# A server of its own. What is fixed here is of a database that ends with this script.
export DATABASE_URL=$CAPSTAN_TEST_POSTGRES_URL CAPSTAN_PASSWORD='correct horse battery' CAPSTAN_LOG=error
export CAPSTAN_BILLING_STRIPE_SECRETS=whsec_of_today_in_this_script,whsec_of_yesterday_in_this_script
export CAPSTAN_ADDRESS_REQUESTS_MAX=10000
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; wait' EXIT
capstan() { "$BINARY" --json "$@"; }
field() { python3 -c 'import json, sys; print(json.loads(sys.stdin.readlines()[-1])[sys.argv[1]])' "$1"; }

capstan migrate --allow-unsafe-database >/dev/null
capstan workspace create acme --plan free >/dev/null
capstan admin create admin@example.com --name Admin <<<"$CAPSTAN_PASSWORD" >/dev/null
CAPSTAN_KEY=$(capstan key create --workspace acme | field key)
pipe=$(mktemp -u "$folder/pipe.XXXXXX")
mkfifo "$pipe"
"$BINARY" --json serve --allow-unsafe-database --listen 127.0.0.1:0 >"$pipe" </dev/null 2>>"$folder/serve.log" &
pids+=($!)
exec {out}<"$pipe"
rm "$pipe"
IFS= read -r -t 120 ready <&"$out"
CAPSTAN_URL=$(field url <<<"$ready")
export CAPSTAN_KEY CAPSTAN_URL
PYTHONDONTWRITEBYTECODE=1 "$folder/venv/bin/python" scripts/stripe/verify.py domain/src/billing/examples
