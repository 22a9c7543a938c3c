#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Measures roleperf against iperf3 and a bare send/recv loop, interleaved in one run.

Each row runs every contender in turn, round after round, so that a machine whose speed drifts
drifts for all of them. Printed: the median throughput and CPU seconds per GB (both ends), and the
median of the ratios taken round by round, with their quartiles.
"""
import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import time

ROWS = [  # name, client arguments, (forward, reverse) streams of the bare loop
    ("defaults", [], (1, 0)),
    ("-P 8", ["-P", "8"], (8, 0)),
    ("--bidir", ["--bidir"], (1, 1)),
    ("-R", ["-R"], (0, 1)),
]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def listening(port):
    """Whether something listens there, without connecting to it: a server would count that."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in open(table).readlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rsplit(":", 1)[1], 16) == port:
                return True
    return False


def received(document):
    end = json.loads(document)["end"]
    sums = [end["sum_received"]] + [end[k] for k in ("sum_received_bidir_reverse",) if k in end]
    return sum(s["bytes"] for s in sums), max(s["seconds"] for s in sums)


def run_pair(program, arguments, seconds):
    """One test: (bytes per second, CPU seconds per GB)."""
    port = str(free_port())
    server = subprocess.Popen([program, "-s", "-1", "-p", port], stdout=subprocess.DEVNULL)
    while not listening(int(port)):
        if server.poll() is not None:
            sys.exit(f"bench: {program} -s ended before it listened")
        time.sleep(0.005)
    client = subprocess.Popen([program, "-c", "127.0.0.1", "-p", port, "-J", "-i", "0",
                               "-t", str(seconds)] + arguments, stdout=subprocess.PIPE, text=True)
    document = client.stdout.read()
    cpu = sum(u.ru_utime + u.ru_stime
              for u in (os.wait4(client.pid, 0)[2], os.wait4(server.pid, 0)[2]))
    count, took = received(document)
    return count / took, cpu / (count / 1e9)


def run_bare(program, shape, seconds):
    out = json.loads(subprocess.check_output([program, *map(str, shape), str(seconds)]))
    return out["bytes"] / out["seconds"], out["cpu_seconds"] / (out["bytes"] / 1e9)


def spread(ratios):
    low, middle, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
    return f"{middle:5.2f} ({low:.2f}..{high:.2f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--roleperf", required=True)
    parser.add_argument("--bare-loop", required=True)
    parser.add_argument("--iperf3", default="iperf3")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=2)
    options = parser.parse_args()
    version = subprocess.check_output([options.iperf3, "-v"], text=True).split("\n")[0]
    print(f"{os.cpu_count()} cores, {options.rounds} rounds of {options.seconds} s, {version}; "
          "ratios are roleperf's throughput (CPU) over the other's, median and quartiles")
    print(f"{'work':10} {'Gbit/s: roleperf':>16} {'iperf3':>7} {'bare':>7}   {'to iperf3':20} "
          f"{'to bare loop':20} {'CPU s/GB':>8} {'iperf3':>7} {'bare':>6}  CPU to iperf3")
    for name, arguments, shape in ROWS:
        ours, theirs, bare = [], [], []
        for round_number in range(options.rounds):
            if sys.stderr.isatty():
                print(f"\r{name}: round {round_number + 1} of {options.rounds} ", end="",
                      file=sys.stderr, flush=True)
            ours.append(run_pair(options.roleperf, arguments, options.seconds))
            theirs.append(run_pair(options.iperf3, arguments, options.seconds))
            bare.append(run_bare(options.bare_loop, shape, options.seconds))
        if sys.stderr.isatty():
            print("\r" + " " * 40 + "\r", end="", file=sys.stderr)

        def median(runs, i):
            return statistics.median(r[i] for r in runs)

        def ratio(runs, i):
            return spread([a[i] / b[i] for a, b in zip(ours, runs)])
        print(f"{name:10} {median(ours, 0) * 8e-9:16.1f} {median(theirs, 0) * 8e-9:7.1f} "
              f"{median(bare, 0) * 8e-9:7.1f}   {ratio(theirs, 0):20} {ratio(bare, 0):20} "
              f"{median(ours, 1):8.2f} {median(theirs, 1):7.2f} {median(bare, 1):6.2f}  "
              f"{ratio(theirs, 1)}", flush=True)


if __name__ == "__main__":
    main()
