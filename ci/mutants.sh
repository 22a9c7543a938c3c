#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Usage: ci/mutants.sh [N/OF]
# Builds roleperf's mutants and runs the conformance cases against all of them: those that were planted
# for a case, and every OFth of the blind ones, from the Nth on (default 0/1: all 216, most of an hour on 2 cores).
# The exit status is 1 when a planted one survives.
set -eu
cd "$(dirname "$0")/.."
cmake --preset dev
cmake --build --preset dev --target rolecall roleperf_mutants
exec python3 harness/conformance/mutants/score.py build-dev/bin/rolecall build-dev/bin/roleperf_mutants \
  build-dev/harness/conformance/mutants/planted/mutants.json --blind "${1-0/1}"
