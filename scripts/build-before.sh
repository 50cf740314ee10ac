#!/bin/sh
# Builds `capstan` of the commit before, with the feature `faults`, as the file that is named. Where there is no such
# commit, or it cannot be built, there is no such file then.
set -eu

file=$1
tree=target/before

if ! commit=$(git rev-parse --verify --quiet 'HEAD~1^{commit}'); then
  rm -f "$file" "$file.commit"
  exit 0
fi
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
if (cd "$tree" && CARGO_TARGET_DIR=../before-build cargo build --release --quiet -p capstan --bin capstan --features faults); then
  cp target/before-build/release/capstan "$file"
  echo "$commit" > "$file.commit"
else
  echo "the commit before cannot be built: runs go on without it" >&2
fi
