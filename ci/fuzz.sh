#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Usage: ci/fuzz.sh SECONDS             each target for so long from its corpus (clang, ASan, UBSan)
#        ci/fuzz.sh --planted [STARTS]  how long each planted old bug (fuzz/old_bugs.mutants) takes to
#                                       find from an empty corpus, in processor time: the median of 5
#                                       starts, or STARTS
#        ci/fuzz.sh --oss-fuzz          builds as OSS-Fuzz does (fuzz/oss-fuzz/build.sh), starts each target
#        ci/fuzz.sh --coverage          lines of wire and session that the corpora reach
#        ci/fuzz.sh --record            has each program that is here test against itself over the link, and
#                                       makes the corpora's recorded-* of that anew: what leads elsewhere
# What is found goes to out/fuzz/<target>/. pair_legacy must find a broken rule, from an empty corpus;
# every other target must find nothing. Exits 0 only if so, and if every planted bug is found.
set -eu
cd "$(dirname "$0")/.."

whole() {  # NUMBER; a whole number above 0
  case "$1" in
    "" | 0* | *[!0-9]*) echo "fuzz: give a whole number above 0, not '$1'" >&2 && exit 2 ;;
  esac
}

# What libFuzzer is to know of a target: its dictionary, and its options as OSS-Fuzz reads them.
options() {  # FOLDER TARGET
  [ ! -f "$1/$2.dict" ] || echo "-dict=$1/$2.dict"
  [ ! -f "$1/$2.options" ] || sed -n 's/^\([a-z_]*\) = /-\1=/p' "$1/$2.options"
}

# The processor time of all that this script has waited for, in ms; into `spent`.
note_spent() {
  times >out/fuzz/times  # in a pipe it would be another process's
  spent=$(awk 'NR == 2 { sub("m", " "); sub("m", " "); gsub("s", ""); print int(($1 * 60 + $2 + $3 * 60 + $4) * 1000) }' out/fuzz/times)
}

# Starts a target of planted bugs from an empty corpus, for so many seconds of processor time at most; sets
# took_ms, of that time too, and leaves $new/log. What it found is an input kept as crash-*, by a broken CHECK
# or a sanitizer: 0 then, 1 when it found nothing.
find_planted() {  # NAME TARGET START SECONDS; NAME none: nothing planted
  new=out/fuzz/planted/$1-$2-$3
  rm -rf "$new"
  mkdir -p "$new/corpus"
  name=$1 target=$2 start=$3 longest=$4
  [ "$name" != none ] || name=
  note_spent
  before=$spent
  status=0
  (
    ulimit -S -t "$longest"  # SIGXCPU
    env ${name:+"ROLEPERF_MUTANT=$name"} build-fuzz/bin/fuzz_planted_"$target" -seed="$start" -timeout=60 \
      -rss_limit_mb=2048 -artifact_prefix="$new/" $(options fuzz "$target") "$new/corpus" || exit $?
  ) >"$new/log" 2>&1 || status=$?
  note_spent
  took_ms=$((spent - before))
  if ls "$new"/crash-* >/dev/null 2>&1; then
    grep -q "CHECK failed\|Sanitizer\|runtime error:" "$new/log" && return 0
  elif [ "$(kill -l "$status")" = XCPU ]; then
    return 1
  fi
  echo "fuzz: fuzz_planted_$target did not run as it should, see $new/log" >&2
  exit 1
}

# Without a bug planted they find nothing, or they would prove nothing.
planted_control() {
  for target in $(awk '$1 == "kills" { print $2 }' fuzz/old_bugs.mutants | sort -u); do
    ! find_planted none "$target" 1 20 ||
      { echo "fuzz: fuzz_planted_$target finds something where nothing is planted" >&2 && exit 1; }
  done
}

planted() {  # STARTS
  cmake --preset fuzz
  cmake --build --preset fuzz --target fuzz_planted_targets
  rm -rf out/fuzz/planted
  planted_control
  failed=
  printf '%-46s %-16s %s\n' "planted bug" target "median (each) in ms"
  for bug in $(awk '$1 == "mutant" { name = $2 } $1 == "kills" { print name ":" $2 }' fuzz/old_bugs.mutants); do
    times=
    for n in $(seq "$1"); do
      if find_planted "${bug%:*}" "${bug#*:}" "$n" 300; then times="$times $took_ms"; else failed="$failed ${bug%:*}"; fi
    done
    sorted=$(printf '%s\n' $times | sort -n | tr '\n' ' ')
    median=$(echo "$sorted" | awk '{ print $int((NF + 1) / 2) }')
    printf '%-46s %-16s %s (%s)\n' "${bug%:*}" "${bug#*:}" "$median" "${sorted% }"
  done
  [ -z "$failed" ] || { echo "fuzz: not found within 300 s of processor time:$failed" >&2 && exit 1; }
}

oss_fuzz() {
  work=$(pwd)/build-oss-fuzz
  rm -rf "$work/out"
  mkdir -p "$work/src" "$work/out"
  ln -sfn "$(pwd)" "$work/src/rolecall"
  flags="-O1 -fno-omit-frame-pointer -gline-tables-only -fsanitize=address -fsanitize-address-use-after-scope"
  CC=clang CXX=clang++ CFLAGS="$flags -fsanitize=fuzzer-no-link" CXXFLAGS="$flags -fsanitize=fuzzer-no-link" \
    LIB_FUZZING_ENGINE=-fsanitize=fuzzer SRC=$work/src OUT=$work/out WORK=$work fuzz/oss-fuzz/build.sh
  for file in fuzz/*.dict fuzz/*.options; do cmp "$file" "$work/out/$(basename "$file")"; done
  for corpus in fuzz/corpus/*/; do
    name=$(basename "$corpus")
    [ "$name" != pair_legacy ] || continue
    python3 -m zipfile -e "$work/out/${name}_seed_corpus.zip" "$work/seeds/$name"
    echo "==== $name: $(find "$work/seeds/$name" -type f | wc -l) seeds"
    "$work/out/$name" -runs=0 $(options "$work/out" "$name") "$work/seeds/$name" >"$work/$name.log" 2>&1 ||
      { echo "fuzz: $name ended badly, see $work/$name.log" >&2 && exit 1; }
    grep "^Done" "$work/$name.log"
  done
}

# Of each program's tests, those that reach what no smaller one of them does.
record() {
  cmake --preset dev
  cmake --build --preset dev --target fuzz_record
  cmake --preset fuzz
  cmake --build --preset fuzz --target fuzz_server_session fuzz_client_session fuzz_pair fuzz_parameters fuzz_results
  work=out/fuzz/recorded
  rm -rf "$work"
  mkdir -p "$work"
  build-dev/bin/fuzz_record "$work/all"
  for target in server_session client_session pair parameters results; do
    rm -f fuzz/corpus/$target/recorded-*
    for program in $(ls "$work/all/$target" | sed 's/^\(recorded-[^-]*-[^-]*\)-.*/\1/' | sort -u); do
      kept=$work/$target/$program
      mkdir -p "$kept/all" "$kept/merged"
      cp "$work/all/$target/$program"-* "$kept/all"
      build-fuzz/bin/fuzz_"$target" -merge=1 "$kept/merged" "$kept/all" >"$kept/log" 2>&1
      for seed in "$kept/all"/*; do
        merged=$kept/merged/$(sha1sum <"$seed" | cut -d ' ' -f 1)
        [ ! -e "$merged" ] || mv "$merged" "fuzz/corpus/$target/$(basename "$seed")"
      done
    done
    echo "$target: $(ls fuzz/corpus/$target/recorded-* | wc -l) of $(ls "$work/all/$target" | wc -l) recorded"
  done
}

usage() {
  sed -n '3,10s/^# //p' "$0" >&2
  exit 2
}

case "${1-}" in
  --planted) [ $# -le 2 ] || usage; whole "${2-5}" ;;
  --oss-fuzz | --coverage | --record) [ $# = 1 ] || usage ;;
  *) [ $# = 1 ] || usage; whole "$1" ;;
esac
ci/setup.sh build test clang
case "$1" in
  --planted) planted "${2-5}"; exit ;;
  --oss-fuzz) oss_fuzz; exit ;;
  --coverage) exec ci/fuzz_coverage.sh ;;
  --record) record; exit ;;
esac
cmake --preset fuzz
cmake --build --preset fuzz
failed=

run() {  # TARGET SEED_FOLDER...; says its last lines
  target=$1
  shift
  new=out/fuzz/$target
  rm -rf "$new"
  mkdir -p "$new/corpus"
  start=$(date +%s)
  status=0
  build-fuzz/bin/fuzz_"$target" -max_total_time="$seconds" -timeout=60 -rss_limit_mb=2048 \
    -artifact_prefix="$new/" $(options fuzz "$target") "$new/corpus" "$@" >"$new/log" 2>&1 || status=$?
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
