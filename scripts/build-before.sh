#!/bin/sh
# Builds `capstan` as it was before, with the feature `faults`, as the file that is named: of the parent of the last commit
# that touched the product, or of BEFORE_REF. Says which commit that is. Where there is no such commit, or it cannot be
# built, there is no such file then.
set -eu

file=$1
tree=target/before
product='engine worker api domain node-types migrations src'

# Words, on purpose.
# shellcheck disable=SC2086
ref=${BEFORE_REF:-$(git log -1 --no-merges --format=%H -- $product)^}
if ! commit=$(git rev-parse --verify --quiet "$ref^{commit}"); then
  echo "there is no commit $ref: runs go on without a build before" >&2
  rm -f "$file" "$file.commit"
  exit 0
fi
echo "the build before is of $(git log -1 --format='%h (%s)' "$commit")" >&2
if [ -x "$file" ] && [ "$(cat "$file.commit" 2>/dev/null)" = "$commit" ]; then
  exit 0
fi
rm -f "$file" "$file.commit"
# A tree that stays: only files that differ are touched, so only those are compiled anew.
if [ -e "$tree/.git" ] && git -C "$tree" rev-parse --quiet --verify HEAD >/dev/null 2>&1; then
  git -C "$tree" checkout --quiet --force --detach "$commit"
else
  rm -rf "$tree"
  git worktree prune
  git worktree add --quiet --force --detach "$tree" "$commit"
fi
build='cargo build --release --quiet -p capstan --bin capstan --features faults'
if (cd "$tree" && CARGO_TARGET_DIR=../before-build $build); then
  cp target/before-build/release/capstan "$file"
  echo "$commit" > "$file.commit"
else
  echo "the commit before cannot be built: runs go on without it" >&2
fi
