#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Usage: ci/test.sh
# Installs what is missing, then builds and runs every test: the release build with the main job,
# the unit tests under ThreadSanitizer (clang), and last the whole suite under ASan and UBSan (g++),
# so that ctest's summary closes the output. Exits 0 only if all of it passed.
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

dev() {
  cmake --preset dev && cmake --build --preset dev
}

ci/setup.sh build test
phase "release build and the main job" ci/reproduce.sh
phase "unit tests under ThreadSanitizer" tsan
phase "dev build" dev
[ -z "$failed" ] || echo "==== failed so far:$failed"
ctest --preset dev -j2 || exit 1
[ -z "$failed" ]
