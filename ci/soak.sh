#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Usage: ci/soak.sh [SECONDS] [SEED]     (60, and a seed by chance)
# Random tests of roleperf and iperf3 clients against one roleperf server, among neighbours that
# misbehave at random (ci/soak.py says how), with the sanitizer build. Exits 1 on any finding; the
# same seed gives the same tests and the same neighbours, if not the same moments.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
"$root/ci/setup.sh" build test
cmake -S "$root" --preset dev >/dev/null
cmake --build "$root/build-dev" --target roleperf >&2
exec python3 "$root/ci/soak.py" --roleperf "$root/build-dev/bin/roleperf" --peers "$root/build-peers" \
  --seconds "${1:-60}" ${2:+--seed "$2"}
