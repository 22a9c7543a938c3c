#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Usage: ci/mutants.sh [N/OF | planted]
# Builds roleperf's mutants and runs the conformance cases against all of them: those that were planted
# for a case, and every OFth of the blind ones, from the Nth on (default 0/1: all of them, most of an hour on 2 cores;
# planted: none of them).
# The exit status is 1 when a planted one survives, or crashes instead of being found by its case.
set -eu
cd "$(dirname "$0")/.."
case "${1-0/1}" in
  planted) blind= ;;
  [0-9]*/[1-9]*) blind="--blind ${1-0/1}" ;;
  *) echo "mutants: give N/OF or planted, not '$1'" >&2 && exit 2 ;;
esac
ci/setup.sh build test
cmake --preset dev
cmake --build --preset dev --target rolecall roleperf_mutants
exec python3 harness/conformance/mutants/score.py build-dev/bin/rolecall build-dev/bin/roleperf_mutants \
  build-dev/harness/conformance/mutants/planted/mutants.json $blind
