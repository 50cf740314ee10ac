#!/usr/bin/env bash
# Installs what building and running need, as far as it is missing: a C compiler and PostgreSQL server binaries.
# Where apt cannot be used, it says what to install. The distribution's own PostgreSQL cluster is neither made nor
# started. Prints nothing when everything is there.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly POSTGRES_MAJOR_MIN=15

fail() {
    echo "setup: $*" >&2
    exit 1
}

# True if version $1 is at least $2.
at_least() {
    [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

check_rust() {
    local wanted found
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    command -v cargo >/dev/null || fail "cargo is missing: install Rust $wanted or later (rustup.rs)"
    found=$(rustc --version | cut -d ' ' -f 2)
    at_least "$found" "$wanted" || fail "Rust $found is too old: install $wanted or later (rustup update)"
}

# The same places as private-postgres/src/install.rs searches.
postgres_folders() {
    if [ -n "${CAPSTAN_POSTGRES_BIN:-}" ]; then
        echo "$CAPSTAN_POSTGRES_BIN"
        return
    fi
    printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql*/bin /usr/libexec/postgresql* \
        /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin
    pg_config --bindir 2>/dev/null || true
    tr ':' '\n' <<<"$PATH"
}

has_postgres() {
    local folder major
    while IFS= read -r folder; do
        [ -x "$folder/postgres" ] && [ -x "$folder/initdb" ] && [ -x "$folder/createdb" ] || continue
        major=$("$folder/postgres" --version 2>/dev/null | grep -oE '[0-9]+' | head -n 1) || continue
        [ "${major:-0}" -ge "$POSTGRES_MAJOR_MIN" ] && return 0
    done < <(postgres_folders)
    return 1
}

has_c_compiler() {
    command -v cc >/dev/null
}

# How to become root, in the array AS_ROOT; false if that would ask for a password.
find_root() {
    AS_ROOT=()
    [ "$(id -u)" -eq 0 ] && return 0
    AS_ROOT=(sudo -n)
    sudo -n true 2>/dev/null
}

apt_install() {
    "${AS_ROOT[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >&2
}

# Installs the server without the cluster that the package would make, and without starting any. Both hindrances are
# gone afterwards, so that a later `pg_createcluster` of the administrator behaves as usual.
install_postgres() (
    conf=/etc/postgresql-common/createcluster.d/capstan-setup.conf
    policy=/usr/sbin/policy-rc.d
    made=()
    trap '[ ${#made[@]} -eq 0 ] || "${AS_ROOT[@]}" rm -f "${made[@]}"' EXIT

    if [ ! -e "$policy" ]; then
        made+=("$policy")
        printf '#!/bin/sh\nexit 101\n' | "${AS_ROOT[@]}" tee "$policy" >/dev/null
        "${AS_ROOT[@]}" chmod 755 "$policy"
    fi
    apt_install postgresql-common
    made+=("$conf")
    "${AS_ROOT[@]}" mkdir -p "${conf%/*}"
    echo 'create_main_cluster = false' | "${AS_ROOT[@]}" tee "$conf" >/dev/null
    apt_install postgresql
)

main() {
    check_rust
    local missing=()
    has_c_compiler || missing+=("a C compiler (Debian: build-essential)")
    has_postgres || missing+=("PostgreSQL $POSTGRES_MAJOR_MIN or later with its server (Debian: postgresql)")
    [ ${#missing[@]} -eq 0 ] && return

    local list
    list=$(printf '%s, ' "${missing[@]}")
    [ -z "${CAPSTAN_POSTGRES_BIN:-}" ] || has_postgres || fail "no usable server in CAPSTAN_POSTGRES_BIN=$CAPSTAN_POSTGRES_BIN"
    command -v apt-get >/dev/null && find_root || fail "please install ${list%, }, then try again"

    echo "setup: installing ${list%, } with apt-get" >&2
    "${AS_ROOT[@]}" apt-get update -q >&2
    has_c_compiler || apt_install build-essential
    has_postgres || install_postgres
    has_c_compiler && has_postgres || fail "apt-get has installed nothing that fits: please install ${list%, }"
}

main
