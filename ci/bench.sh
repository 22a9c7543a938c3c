#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Usage: ci/bench.sh [--rounds N] [--seconds N] [--iperf3 PATH]
#        ci/bench.sh --choices [--rounds N] [--seconds N] [--only TEXT]
# Measures roleperf against the installed iperf3, the 3.22 of ci/peers.sh where it is there, and a bare
# send/recv loop over loopback (ci/bench.py says how), then the link without rules against a bare
# veth pair (harness/link/bench: five rounds of 2 s, whatever the options). About 20 minutes. Prints
# figures, judges nothing; keep the machine otherwise idle. --choices compares the ways to send and to
# receive that roleperf could take instead (ci/bench_choices.py), in 4 minutes.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
"$root/ci/setup.sh" build bench
cmake -S "$root" --preset release >/dev/null
cmake --build "$root/build" --target roleperf bare_loop link_bench >&2
if [ "${1-}" = --choices ]; then
  shift
  exec python3 "$root/ci/bench_choices.py" --bare-loop "$root/build/bench/bare_loop" "$@"
fi
newer=$root/build-peers/iperf3-3.22/bin/iperf3
[ ! -x "$newer" ] || set -- --iperf3 iperf3 --iperf3 "$newer" "$@"
python3 "$root/ci/bench.py" --roleperf "$root/build/bin/roleperf" \
  --bare-loop "$root/build/bench/bare_loop" "$@"
printf '\n'
"$root/build/bench/link_bench" || {
  [ $? -eq 2 ] && echo "ci/bench.sh: the link was not measured, for the reason above" >&2
}
