#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Usage: ci/bench.sh [--rounds N] [--seconds N] [--iperf3 PATH]
# Measures roleperf against iperf3 and a bare send/recv loop over loopback (ci/bench.py says how), then
# the link without rules against a bare veth pair (harness/link/bench: five rounds of 2 s, whatever
# the options). About four minutes. Prints figures, judges nothing; keep the machine otherwise idle.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
"$root/ci/setup.sh" build bench
cmake -S "$root" --preset release >/dev/null
cmake --build "$root/build" --target roleperf bare_loop link_bench >&2
python3 "$root/ci/bench.py" --roleperf "$root/build/bin/roleperf" \
  --bare-loop "$root/build/bench/bare_loop" "$@"
printf '\n'
"$root/build/bench/link_bench" || {
  [ $? -eq 2 ] && echo "ci/bench.sh: the link was not measured, for the reason above" >&2
}
