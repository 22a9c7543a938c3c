#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Usage: ci/fuzz.sh SECONDS
# Builds the fuzz targets (clang, ASan, UBSan) and runs each for so long from its corpus. What is
# found goes to out/fuzz/<target>/. pair_legacy must find a broken rule, from an empty corpus; every
# other target must find nothing. Exits 0 only if so.
set -eu
cd "$(dirname "$0")/.."
case "${1-}" in
  "" | 0* | *[!0-9]*) echo "fuzz: give the seconds for each target, a whole number above 0" >&2 && exit 2 ;;
esac
cmake --preset fuzz && cmake --build --preset fuzz
failed=

run() {  # TARGET SEED_FOLDER...; says its last lines
  target=$1
  shift
  [ ! -f fuzz/"$target".dict ] || set -- -dict=fuzz/"$target".dict "$@"
  new=out/fuzz/$target
  rm -rf "$new"
  mkdir -p "$new/corpus"
  start=$(date +%s)
  status=0
  build-fuzz/bin/fuzz_"$target" -max_total_time="$seconds" -rss_limit_mb=2048 \
    -artifact_prefix="$new/" "$new/corpus" "$@" >"$new/log" 2>&1 || status=$?
  echo "==== $target: exit $status after $(($(date +%s) - start)) s, log in $new/log"
}

seconds=$1
for folder in fuzz/corpus/*/; do
  name=$(basename "$folder")
  if [ "$name" = pair_legacy ]; then
    run "$name"
    grep "CHECK failed: agree_on_roles" "$new/log" || failed="$failed $name"
    cat "$new"/crash-* || true
  else
    run "$name" "$folder"
    [ "$status" = 0 ] || failed="$failed $name"
    grep "^Done" "$new/log" || tail -n 5 "$new/log"
  fi
done
[ -z "$failed" ] || { echo "fuzz: not as it should be:$failed" >&2 && exit 1; }
