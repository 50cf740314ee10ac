#!/usr/bin/env bash
# Installs PgBouncer, which the API is tested behind, where it is missing. Where apt cannot be used it is left out with exit code
# 3, and what needs it is not tested; with CI set, that is a failure. The package's own service is neither configured nor started.
set -euo pipefail

readonly LEFT_OUT=3 FAILED=1

leave_out() {
    echo "pgbouncer: $1: the API is not tested behind it" >&2
    [ -z "${CI:-}" ] || exit $FAILED
    exit $LEFT_OUT
}

command -v pgbouncer >/dev/null || [ -x /usr/sbin/pgbouncer ] && exit

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo -n)
fi
if ! command -v apt-get >/dev/null || ! "${as_root[@]}" true 2>/dev/null; then
    leave_out "it is not installed (Debian: pgbouncer)"
fi

policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
fi
echo "pgbouncer: installing it with apt-get" >&2
if ! "${as_root[@]}" apt-get update -q >&2 ||
    ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends pgbouncer >&2; then
    leave_out "apt-get did not install it"
fi
