#!/usr/bin/env bash
# The steps of deploy/Containerfile's last stage, and then the services of deploy/compose.yaml, in roots that debootstrap makes, with
# the built binary: no image is built, and no container program is needed. Shown are the files' own steps, as the user, with the
# rights and on the read-only root that they name. Needs Linux, root, debootstrap (or the package manager), a Debian mirror and PyPI;
# without one of them nothing is shown, and the last line says why. The last line is one JSON object.
set -euo pipefail
cd "$(dirname "$0")/.."

export CAPSTAN_BINARY=${CAPSTAN_BINARY:-$PWD/target/release/capstan}
# Roots as debootstrap leaves them are kept there, so that a second run does not fetch them again.
export DEPLOY_FOLDER=${DEPLOY_FOLDER:-$PWD/target/deploy} PYTHONDONTWRITEBYTECODE=1
# That of this machine's own packages.
mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' 2>/dev/null | head -n 1 || true)}
readonly SUITE=trixie MIRROR=$mirror

left_out() {
    echo "deploy: $1" >&2
    echo "{\"left_out\":\"$1\"}"
    exit 0
}

# A root with these packages beside the smallest ones.
root() {
    local folder=$DEPLOY_FOLDER/$1
    [[ -e $folder.done ]] && return
    rm -rf --one-file-system "$folder"
    echo "deploy: debootstrap makes $1" >&2
    debootstrap --variant=minbase ${2:+--include="$2"} "$SUITE" "$folder" "$MIRROR" >"$folder.log" 2>&1 || return 1
    touch "$folder.done"
}

[[ $(uname) == Linux && $(id -u) -eq 0 ]] || left_out "roots are made by root on Linux only"
for program in unshare setpriv mount ip python3; do
    command -v "$program" >/dev/null || left_out "$program is not installed"
done
unshare --mount --net true 2>/dev/null || left_out "this machine allows no namespaces of its own"
[[ -n $MIRROR ]] || left_out "no mirror of Debian is known: DEBIAN_MIRROR names one"
command -v debootstrap >/dev/null || apt-get install -y -q --no-install-recommends debootstrap >&2 || left_out "debootstrap is not installed"
mkdir -p "$DEPLOY_FOLDER"
root base "" || left_out "debootstrap made no root, see base.log"
# What the image of the compose file has: PostgreSQL of its major version, on the same distribution.
root database "postgresql-$(sed -nE 's/^ *image: postgres:([0-9]+)-.*/\1/p' deploy/compose.yaml)" || left_out "debootstrap made no root, see database.log"
[[ -x $DEPLOY_FOLDER/venv/bin/python ]] || python3 -m venv "$DEPLOY_FOLDER/venv"
"$DEPLOY_FOLDER/venv/bin/pip" install --quiet --disable-pip-version-check -r scripts/deploy/requirements.txt >&2 || left_out "PyPI cannot be reached"

# With the network for what the steps install, then without any but the loopback of its own.
unshare --mount "$DEPLOY_FOLDER/venv/bin/python" scripts/deploy/image.py
unshare --mount --net "$DEPLOY_FOLDER/venv/bin/python" scripts/deploy/services.py
rm -rf --one-file-system "$DEPLOY_FOLDER/image" "$DEPLOY_FOLDER/volumes"
