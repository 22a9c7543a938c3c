#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Usage: ci/fuzz.sh SECONDS             each target for so long from its corpus (clang, ASan, UBSan)
#        ci/fuzz.sh --planted [STARTS]  how long each planted old bug (fuzz/old_bugs.mutants) takes to
#                                       find from an empty corpus: the median of 5 starts, or STARTS
#        ci/fuzz.sh --oss-fuzz          builds as OSS-Fuzz does (fuzz/oss-fuzz/build.sh), starts each target
#        ci/fuzz.sh --coverage          lines of wire and session that the corpora reach
# What is found goes to out/fuzz/<target>/. pair_legacy must find a broken rule, from an empty corpus;
# every other target must find nothing. Exits 0 only if so, and if every planted bug is found.
set -eu
cd "$(dirname "$0")/.."

whole() {  # NUMBER; a whole number above 0
  case "$1" in
    "" | 0* | *[!0-9]*) echo "fuzz: give a whole number above 0, not '$1'" >&2 && exit 2 ;;
  esac
}

find_planted() {  # NAME TARGET START; sets took_ms, or fails
  new=out/fuzz/planted/$1-$3
  rm -rf "$new"
  mkdir -p "$new/corpus"
  [ ! -f fuzz/"$2".dict ] || set -- "$@" -dict=fuzz/"$2".dict
  name=$1 target=$2 start=$3
  shift 3
  began=$(date +%s%N)
  ! ROLEPERF_MUTANT=$name build-fuzz/bin/fuzz_planted_"$target" -seed="$start" -max_total_time=300 \
    -rss_limit_mb=2048 -artifact_prefix="$new/" "$@" "$new/corpus" >"$new/log" 2>&1 || return 1
  took_ms=$((($(date +%s%N) - began) / 1000000))
}

planted() {  # STARTS
  cmake --preset fuzz && cmake --build --preset fuzz --target fuzz_planted_targets
  rm -rf out/fuzz/planted
  failed=
  printf '%-46s %-16s %s\n' "planted bug" target "median (each) in ms"
  for bug in $(awk '$1 == "mutant" { name = $2 } $1 == "kills" { print name ":" $2 }' fuzz/old_bugs.mutants); do
    times=
    for n in $(seq "$1"); do
      if find_planted "${bug%:*}" "${bug#*:}" "$n"; then times="$times $took_ms"; else failed="$failed ${bug%:*}"; fi
    done
    sorted=$(printf '%s\n' $times | sort -n | tr '\n' ' ')
    median=$(echo "$sorted" | awk '{ print $int((NF + 1) / 2) }')
    printf '%-46s %-16s %s (%s)\n' "${bug%:*}" "${bug#*:}" "$median" "${sorted% }"
  done
  [ -z "$failed" ] || { echo "fuzz: not found within 300 s:$failed" >&2 && exit 1; }
}

oss_fuzz() {
  work=$(pwd)/build-oss-fuzz
  rm -rf "$work/out"
  mkdir -p "$work/src" "$work/out"
  ln -sfn "$(pwd)" "$work/src/rolecall"
  flags="-O1 -fno-omit-frame-pointer -gline-tables-only -fsanitize=address -fsanitize-address-use-after-scope"
  CC=clang CXX=clang++ CFLAGS="$flags -fsanitize=fuzzer-no-link" CXXFLAGS="$flags -fsanitize=fuzzer-no-link" \
    LIB_FUZZING_ENGINE=-fsanitize=fuzzer SRC=$work/src OUT=$work/out WORK=$work fuzz/oss-fuzz/build.sh
  for corpus in fuzz/corpus/*/; do
    name=$(basename "$corpus")
    [ "$name" != pair_legacy ] || continue
    python3 -m zipfile -e "$work/out/${name}_seed_corpus.zip" "$work/seeds/$name"
    echo "==== $name: $(find "$work/seeds/$name" -type f | wc -l) seeds"
    "$work/out/$name" -runs=0 "$work/seeds/$name" 2>&1 | grep "^Done"
  done
}

ci/setup.sh build test clang
case "${1-}" in
  --oss-fuzz) oss_fuzz && exit ;;
  --planted) whole "${2-5}" && planted "${2-5}" && exit ;;
  --coverage) exec ci/fuzz_coverage.sh ;;
esac
whole "${1-}"
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
