#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Usage: ci/test.sh [--full]
# Installs what is missing, then builds and runs every test under ASan and UBSan (g++), so that
# ctest's summary closes the output. --full adds, before that, the release build with the whole main
# job, the unit tests under ThreadSanitizer (clang), clang-tidy over every source, every planted mutant,
# and the fuzz targets under clang: 20 s each, their corpora, coverage and OSS-Fuzz's build. Exits 0 only
# if all of it passed.
set -eu
cd "$(dirname "$0")/.."
failed=

phase() {
  name=$1
  shift
  echo "==== $name"
  start=$(date +%s)
  "$@" || failed="$failed [$name]"
  echo "==== $name: $(($(date +%s) - start)) s"
}

tsan() {
  cmake --preset tsan && cmake --build --preset tsan && ctest --preset tsan -j2
}

tidy() {
  cmake --preset tidy && cmake --build --preset tidy -- -k 0
}

fuzz() {
  ci/fuzz.sh 20 && ctest --preset fuzz && ci/fuzz.sh --coverage && ci/fuzz.sh --oss-fuzz
}

dev_build() {
  cmake --preset dev && cmake --build --preset dev
}

case "${1-}" in
  "" | --full) ;;
  *) echo "test: unknown option $1; only --full is known" >&2 && exit 2 ;;
esac
ci/setup.sh build test
ci/peers.sh || echo "==== no iperf3 of another release: the tests that need one are skipped"
if [ "${1-}" = --full ]; then
  ci/setup.sh clang
  phase "release build and the main job" ci/reproduce.sh
  phase "unit tests under ThreadSanitizer" tsan
  phase "clang-tidy over every source" tidy
  phase "every planted mutant" ci/mutants.sh planted
  phase "fuzz targets" fuzz
fi
phase "dev build" dev_build
[ -z "$failed" ] || echo "==== failed so far:$failed"
ctest --preset dev -j6 || exit 1  # most tests wait for a peer's second
[ -z "$failed" ]
