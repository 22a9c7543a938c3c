#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Usage: ci/fuzz.sh --coverage
# Builds the targets with clang's source coverage, replays every corpus, and prints which lines of
# harness/wire and harness/session the corpora reach, which they do not, and how many pairs of (state,
# control byte) both sessions met. The whole report is left in out/fuzz/coverage/.
set -eu
cd "$(dirname "$0")/.."
build=build-fuzz-coverage
out=out/fuzz/coverage
cmake -G Ninja -S . -B "$build" -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug \
  -DCMAKE_CXX_FLAGS="-fprofile-instr-generate -fcoverage-mapping" >/dev/null
cmake --build "$build" --target fuzz_targets
rm -rf "$out"
mkdir -p "$out"

objects=
for folder in fuzz/corpus/*/; do
  name=$(basename "$folder")
  replay=$build/bin/fuzz_${name}_replay
  [ "$name" != pair_legacy ] || continue  # the same code as pair, and it ends with its broken rule
  LLVM_PROFILE_FILE=$out/$name.profraw "$replay" "$folder" >"$out/$name.log" 2>&1
  grep "pairs that the" "$out/$name.log" || true
  objects="$objects ${objects:+-object }$replay"  # the first one goes without the option
done
llvm-profdata merge -o "$out/all.profdata" "$out"/*.profraw
sources=$(ls harness/wire/*.cc harness/wire/*.h harness/session/*.cc harness/session/*.h |
  grep -v -e '_test\.cc$' -e in_memory_pair)
llvm-cov report $objects -instr-profile="$out/all.profdata" $sources >"$out/report"
llvm-cov show $objects -instr-profile="$out/all.profdata" $sources >"$out/lines"
awk '$1 == "Filename" || $1 == "TOTAL" || /\.(cc|h) / { print $1, $(NF - 5), $(NF - 4), $(NF - 3) }' "$out/report" |
  column -t
echo "lines that no corpus reaches:"
awk '/^\/.*:$/ { file = $1 } /^ *[0-9]+\| *0\|/ { print file $0 }' "$out/lines" | sed "s|$(pwd)/||"
awk '$1 == "TOTAL" { covered = $(NF - 3); sub("%", "", covered); exit !(covered >= 95) }' "$out/report"
