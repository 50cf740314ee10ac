#!/usr/bin/env bash
# The editor's part of `make`: `build` makes editor/dist, which the next `cargo build` takes into the binary; `test` checks
# types and runs unit tests, the flows in a browser that SHORT names, and one that holds the API to its types; `flows` runs all;
# `bundles` tells how much a browser loads; `measures` holds the canvas against bare React Flow; `types` makes the API's types
# anew from docs/openapi.json; `screenshots` takes the pictures of docs/ anew. Packages are installed as far as they are missing.
# Without Node.js the editor is left out, and that is said: the rest is complete without it. With CI set, that is a failure.
set -euo pipefail
cd "$(dirname "$0")/../editor"

readonly NODE_MIN=20.19
readonly COLOURS=64
# What `test` runs in a browser: sign-up to lead, drawn with the mouse, with the keyboard alone, a failure repaired, two tabs and a
# killed server, a delivery sent again, an approval from a second browser; `answers` needs no browser.
readonly SHORT=(story canvas keyboard repair drafts webhooks approval answers)

say() {
    echo "editor: $*" >&2
}

at_least() {
    [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

has_node() {
    command -v npm >/dev/null && at_least "$(node --version | tr -d v)" "$NODE_MIN"
}

install_packages() {
    [ node_modules/.package-lock.json -nt package-lock.json ] && return
    say "installing packages with npm"
    # As the lock file says. `npm ci` would refuse where a registry lacks a package that only other systems need.
    npm install --no-save --silent
    touch node_modules/.package-lock.json
}

build() {
    if [ -e dist/index.html ] &&
        [ -z "$(find src ../examples index.html public scripts package-lock.json vite.config.ts -newer dist/index.html -print -quit)" ]; then
        return
    fi
    install_packages
    npm run --silent build >&2
    # Where nothing has changed, the files are as old as before; this one says when it was looked at.
    touch dist/index.html
}

browser() {
    type -P "${CAPSTAN_CHROMIUM:-chromium}" || type -P chromium-browser || type -P google-chrome || true
}

# Flows need a browser: it is installed where that asks for no password.
need_browser() {
    [ -z "$(browser)" ] || return 0
    [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null || return 1
    say "installing chromium with apt-get"
    apt-get update -q >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends chromium >&2
}

# Where all is to be tested, nothing is left out.
need_all() {
    [ -z "${CI:-}" ] || exit 1
}

flows() {
    if ! need_browser; then
        say "there is no chromium: flows in a browser are left out (or name one in CAPSTAN_CHROMIUM)"
        need_all
        return
    fi
    CAPSTAN_CHROMIUM=$(browser) npm run --silent flows -- "$@" >&2
}

# Of the pages as they are now, with few colours: they are downloaded with the repository.
screenshots() {
    command -v pngquant >/dev/null || { say "pngquant is missing: apt-get install pngquant" && exit 1; }
    install_packages
    build
    need_browser || { say "there is no chromium" && exit 1; }
    CAPSTAN_SCREENSHOTS=1 CAPSTAN_EDITOR_DIST=dist CAPSTAN_CHROMIUM=$(browser) npm run --silent flows >&2
    pngquant --force --ext .png --strip --speed 1 "$COLOURS" ../docs/images/*.png
}

# The last line is one JSON object, in ms.
measures() {
    if ! need_browser; then
        say "there is no chromium: measures in a browser are left out (or name one in CAPSTAN_CHROMIUM)"
        return
    fi
    told=$(mktemp)
    trap 'rm -f "$told"' EXIT
    CAPSTAN_MEASURES=$told CAPSTAN_CHROMIUM=$(browser) npm run --silent measures >&2
    cat "$told"
}

if ! has_node; then
    say "Node.js $NODE_MIN or later is not installed: the editor is left out"
    need_all
    exit
fi
case ${1:-} in
build) build ;;
test)
    install_packages
    npm run --silent check >&2
    flows "${SHORT[@]}"
    ;;
flows)
    install_packages
    flows
    ;;
bundles)
    build
    npm run --silent bundles
    ;;
measures)
    install_packages
    measures
    ;;
types)
    install_packages
    npm run --silent types >&2
    ;;
screenshots) screenshots ;;
*) say "say build, test, flows, bundles, measures, types or screenshots" && exit 2 ;;
esac
