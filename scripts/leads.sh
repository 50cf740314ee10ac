#!/usr/bin/env bash
# A workspace with ten million leads, and how long people wait for it: the days of its overview, the lists of leads, the board, by HTTP
# from a real API. Fails if the overview takes half a second or longer. The last line is one JSON object, in milliseconds. Needs python3
# and psql. LEADS says how many leads; CAPSTAN_BINARY which program.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly LEADS=${LEADS:-10000000} BINARY=${CAPSTAN_BINARY:-$PWD/target/release/capstan}

if [[ ${1:-} != --with-postgres ]]; then
    exec cargo run --quiet -p capstan-private-postgres --bin with-postgres -- "$0" --with-postgres
fi

folder=$(mktemp -d)
export DATABASE_URL=$CAPSTAN_TEST_POSTGRES_URL CAPSTAN_LOG=error
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
capstan() { "$BINARY" --json "$@"; }
field() { python3 -c 'import json, sys; print(json.loads(sys.stdin.readlines()[-1])[sys.argv[1]])' "$1"; }

capstan migrate --allow-unsafe-database >/dev/null
capstan workspace create acme >/dev/null
capstan workspace create other >/dev/null
CAPSTAN_KEY=$(capstan key create --workspace acme | field key)
export CAPSTAN_KEY

echo "leads: making $LEADS of them" >&2
psql -X -q -v ON_ERROR_STOP=1 -v leads="$LEADS" -d "$DATABASE_URL" -f scripts/leads/fill.sql >&2
# The sums of days are the workers' to make; here they are made at once.
capstan stats recompute --workspace acme --from "$(date -u -d '29 days ago' +%F)" --to "$(date -u +%F)" >/dev/null

mkfifo "$folder/ready"
"$BINARY" --json serve --allow-unsafe-database --listen 127.0.0.1:0 >"$folder/ready" </dev/null 2>"$folder/serve.log" &
pids+=($!)
exec {out}<"$folder/ready"
IFS= read -r -t 120 ready <&"$out" || { cat "$folder/serve.log" >&2 && exit 1; }
CAPSTAN_URL=$(field url <<<"$ready")
export CAPSTAN_URL
python3 scripts/leads/measure.py "$LEADS"
