#!/usr/bin/env bash
# What is promised at length or in seconds, measured: each part says what it does; the last line is one JSON object with
# what each part came to. Some three hours; `PROVE="poison timers"` chooses parts, CHAOS_MINUTES and SEEDS make
# them shorter. Fails if a part fails, after the others.
set -uo pipefail
cd "$(dirname "$0")/.."

readonly PARTS=${PROVE:-"chaos sabotage poison timers foreach limits mutations fuzz schedules bench flows bundles measures webhooks stripe deliveries storm schemathesis pooler cells plans leads canaries quotas addresses keys provisioning deploy"}

# A year of fire times, compared with croniter's in a Python environment of its own.
schedules() {
    local folder=target/croniter
    cargo build --release --quiet -p capstan-domain --example firings &&
        python3 -m venv "$folder" && "$folder/bin/pip" install --quiet 'croniter==7.0.0' >&2 &&
        "$folder/bin/python" scripts/compare_croniter.py target/release/examples/firings
}

part() {
    case $1 in
    chaos) make --no-print-directory chaos ;;
    sabotage) make --no-print-directory sabotage ;;
    poison | timers | foreach | limits | deliveries | storm) cargo run --release --quiet -p capstan-chaos --bin "capstan-$1" ;;
    fuzz) make --no-print-directory fuzz >&2 && echo '{"found":0}' ;;
    mutations) CAPSTAN_MUTATIONS=all cargo test --quiet --workspace --test mutations >&2 && echo '{"missed":0}' ;;
    schedules) schedules ;;
    flows) CAPSTAN_BINARY=$PWD/target/release/capstan scripts/editor.sh flows && echo '{"failed":0}' ;;
    bundles) scripts/editor.sh bundles ;;
    measures) CAPSTAN_BINARY=$PWD/target/release/capstan scripts/editor.sh measures ;;
    webhooks) scripts/webhooks.sh ;;
    stripe) scripts/stripe.sh ;;
    schemathesis) scripts/schemathesis.sh ;;
    plans) PLANS_ROWS=1000000 cargo run --quiet -p capstan-private-postgres --bin with-postgres -- \
        cargo test --quiet -p capstan-engine --test store plans_search >&2 && echo '{"rows":1000000}' ;;
    leads) scripts/leads.sh ;;
    canaries | quotas | addresses | keys | provisioning) scripts/processes.sh "$1" ;;
    deploy) scripts/deploy.sh ;;
    pooler) scripts/pgbouncer.sh && CAPSTAN_TEST_POOLER=1 cargo run --quiet -p capstan-private-postgres --bin with-postgres -- \
        cargo test --quiet --workspace --test api >&2 && echo '{"failed":0}' ;;
    cells) CAPSTAN_IDLE_CELLS=200 cargo run --quiet -p capstan-private-postgres --bin with-postgres -- \
        cargo test --quiet -p capstan-worker --test worker idle_cells >&2 && echo '{"failed":0}' ;;
    bench) target/release/capstan --json bench ;;
    *) echo "there is no part $1" >&2 && return 2 ;;
    esac
}

make --no-print-directory builds || exit
failed=0
figures=()
for name in $PARTS; do
    last=$(part "$name" | tee /dev/stderr | tail -n 1) || failed=1
    [[ $last == "{"*"}" ]] || last=null
    figures+=("\"$name\":$last")
done
IFS=,
echo "{${figures[*]}}"
exit "$failed"
