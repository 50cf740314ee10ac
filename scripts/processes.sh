#!/usr/bin/env bash
# Proofs over real processes of the API and of workers, by name: `processes.sh canaries`, `quotas`, `addresses`, `keys` or `provisioning`;
# each says in scripts/processes/NAME.py what it shows. The last line is one JSON object. Needs python3 and the PostgreSQL client, and
# nothing from registries.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly NAME=${1:?which proof}
export CAPSTAN_BINARY=${CAPSTAN_BINARY:-$PWD/target/release/capstan}
if [[ ${2:-} != --with-postgres ]]; then
    exec cargo run --quiet -p capstan-private-postgres --bin with-postgres -- "$0" "$NAME" --with-postgres
fi
PROCESSES_FOLDER=$(mktemp -d "${TMPDIR:-/tmp}/capstan-processes-XXXXXX")
export PROCESSES_FOLDER PYTHONDONTWRITEBYTECODE=1
# What a failure leaves to look at stays.
python3 "scripts/processes/$NAME.py"
rm -r "$PROCESSES_FOLDER"
