#!/usr/bin/env bash
# Requests that schemathesis makes from the served OpenAPI document, sent to a real API with a worker behind it: what answers
# with a 5xx, a status or header that the document does not name, or a body that is not as it says, fails. The last line is one
# JSON object. Needs python3 and PyPI. SCHEMATHESIS_SEED repeats a run, SCHEMATHESIS_EXAMPLES makes it longer or shorter.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly SEED=${SCHEMATHESIS_SEED:-1} EXAMPLES=${SCHEMATHESIS_EXAMPLES:-150} GRAPHS=400 REQUESTS_MIN=${SCHEMATHESIS_REQUESTS_MIN:-20000}
# Left out by name, each with its reason in docs/security.md.
readonly LEFT_OUT=(followWorkspace exportAudit exportWorkflows)
readonly BINARY=${CAPSTAN_BINARY:-$PWD/target/release/capstan}
folder=${SCHEMATHESIS_FOLDER:-$PWD/target/schemathesis}
export SCHEMATHESIS_FOLDER=$folder SCHEMATHESIS_SEED=$SEED

checks_off=$(sed -nE 's/^([a-z_]+)\.enabled = false$/\1/p' scripts/schemathesis/schemathesis.toml)
for name in "${LEFT_OUT[@]}" $checks_off; do
    grep -q "^| \`$name\`" docs/security.md || { echo "schemathesis: docs/security.md does not say why $name is left out" >&2 && exit 1; }
done

if [[ ${1:-} != --with-postgres ]]; then
    mkdir -p "$folder"
    [[ -x $folder/venv/bin/schemathesis ]] || python3 -m venv "$folder/venv"
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check -r scripts/schemathesis/requirements.txt >&2
    cargo run --release --quiet -p capstan-chaos --example graphs -- "$GRAPHS" >"$folder/graphs.jsonl"
    exec cargo run --quiet -p capstan-private-postgres --bin with-postgres -- "$0" --with-postgres
fi

# A server of its own, and who may do what there. What is fixed here is of a database that ends with this script.
export DATABASE_URL=$CAPSTAN_TEST_POSTGRES_URL CAPSTAN_PASSWORD='correct horse battery' CAPSTAN_LOG=error
CAPSTAN_SECRET_KEYS=one:$(head -c 32 /dev/zero | base64)
export CAPSTAN_SECRET_KEYS CAPSTAN_TRUSTED_PROXIES=127.0.0.1 CAPSTAN_SIGN_UP=true CAPSTAN_PUBLIC_URL=https://capstan.example
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; wait' EXIT
capstan() { "$BINARY" --json "$@"; }
# Starts a program, and waits for its first line.
start() {
    local -n line=$1
    local pipe
    pipe=$(mktemp -u "$folder/pipe.XXXXXX")
    shift
    mkfifo "$pipe"
    "$@" >"$pipe" </dev/null 2>>"$folder/processes.log" &
    pids+=($!)
    exec {out}<"$pipe"
    rm "$pipe"
    IFS= read -r -t 120 line <&"$out"
}
field() { python3 -c 'import json, sys; print(json.loads(sys.stdin.readlines()[-1])[sys.argv[1]])' "$1"; }

: >"$folder/processes.log"
start port python3 scripts/schemathesis/mail_sink.py
export CAPSTAN_SMTP_URL=smtp://127.0.0.1:$port
capstan migrate --allow-unsafe-database >/dev/null
capstan workspace create acme >/dev/null
capstan user create user@example.com --name User --workspace acme <<<"$CAPSTAN_PASSWORD" >/dev/null
capstan admin create admin@example.com --name Admin <<<"$CAPSTAN_PASSWORD" >/dev/null
CAPSTAN_KEY=$(capstan key create --workspace acme | field key)
start ready "$BINARY" --json serve --allow-unsafe-database --listen 127.0.0.1:0
CAPSTAN_URL=$(field url <<<"$ready")
start _ "$BINARY" --json worker --allow-unsafe-database
export CAPSTAN_KEY CAPSTAN_URL

failed=0
(
    cd scripts/schemathesis
    export SCHEMATHESIS_HOOKS=hooks PYTHONPATH=. PYTHONDONTWRITEBYTECODE=1 HYPOTHESIS_STORAGE_DIRECTORY=$folder/hypothesis
    "$folder/venv/bin/schemathesis" --config-file schemathesis.toml run \
        "$CAPSTAN_URL/api/v1/openapi.json" --max-examples "$EXAMPLES" --seed "$SEED" --no-color --output-sanitize false \
        "${LEFT_OUT[@]/#/--exclude-operation-id=}" --generation-database none \
        --report ndjson --report-ndjson-path "$folder/report.ndjson"
) >&2 || failed=1
"$folder/venv/bin/python" scripts/schemathesis/judge.py "$folder/counts.json" "$REQUESTS_MIN" || failed=1
exit "$failed"
