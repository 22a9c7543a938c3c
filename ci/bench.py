#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Measures roleperf against releases of iperf3 and a bare loop of system calls, interleaved in one run.

Each row runs every contender in turn, round after round, so that a machine whose speed drifts drifts
for all of them. Ratios are taken round by round, to the better iperf3 of that round, and printed as
median and quartiles beside the goal; "strict" is roleperf --unbatched, one block of -l a call.
"""
import argparse
import fcntl
import json
import os
import resource
import select
import socket
import statistics
import subprocess
import sys
import time

# name, client arguments, arguments of the bare loop, what counts, goals (strict, default, bare), or
# None where there is none
ROWS = [
    ("TCP, 1 stream", [], ["1", "0"], "bytes", (1.0, 1.4, None)),
    ("-C cubic", ["-C", "cubic"], ["--congestion=cubic", "1", "0"], "bytes", (1.0, 1.4, None)),
    ("-R", ["-R"], ["0", "1"], "bytes", (1.0, 1.4, None)),
    ("-P 8", ["-P", "8"], ["8", "0"], "bytes", (1.0, 1.0, 0.95)),
    ("-P 64", ["-P", "64"], ["64", "0"], "bytes", (1.0, 1.0, 0.95)),
    ("--bidir", ["--bidir"], ["1", "1"], "bytes", (1.0, 1.15, None)),
    ("-Z", ["-Z"], ["--send=sendfile", "1", "0"], "bytes", (1.0, None, 0.95)),
    ("-Z --skip-rx-copy", ["-Z", "--skip-rx-copy"], ["--send=sendfile", "--receive=truncate", "1", "0"], "bytes",
     (1.0, None, 0.95)),
    ("UDP, 64 bytes", ["-u", "-b", "0", "-l", "64"], ["--udp=64", "1", "0"], "datagrams",
     (1.15, None, None)),
    ("UDP, default size", ["-u", "-b", "0"], ["--udp={datagram}", "1", "0"], "datagrams",
     (1.0, None, 0.95)),
    ("UDP, -P 8", ["-u", "-b", "0", "-P", "8"], None, "datagrams", (1.0, 1.0, None)),
    ("UDP, 64, --gsro", ["-u", "-b", "0", "-l", "64", "--gsro"], None, "datagrams",
     (None, 1.0, None)),
]
UNITS = {"bytes": ("Gbit/s", 8e-9), "datagrams": ("k/s", 1e-3)}


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


class Server:
    def __init__(self, command, arguments, output=subprocess.PIPE):
        self.port = str(free_port())
        self.process = subprocess.Popen([*command, "-s", "-p", self.port, *arguments],
                                        stdout=output, text=True)
        while not listening(int(self.port)):
            if self.process.poll() is not None:
                sys.exit(f"bench: {command[0]} -s ended before it listened")
            time.sleep(0.005)


def cpu_of(*processes):
    usages = [os.wait4(p.pid, 0)[2] for p in processes]
    return sum(u.ru_utime + u.ru_stime for u in usages)


class Contender:
    """A program at both ends. One measurement: amount a second, CPU seconds a GB, the weaker
    direction's share."""

    def __init__(self, name, command, extra=()):
        self.name, self.command, self.extra = name, [*command], [*extra]

    def run(self, arguments, counts, seconds):
        server = Server(self.command, ["-1", "-J", *self.extra])
        client = subprocess.Popen(
            [*self.command, "-c", "127.0.0.1", "-p", server.port, "-J", "-i", "0", "-t",
             str(seconds), *arguments, *self.extra], stdout=subprocess.PIPE, text=True)
        document = json.loads(client.stdout.read())
        served = json.loads(server.process.stdout.read())
        cpu = cpu_of(client, server.process)
        if "error" in document:
            sys.exit(f"bench: {self.name} {' '.join(arguments)}: {document['error']}")
        end = document["end"]
        if counts == "datagrams":
            streams = [s["udp"] for s in served["end"]["streams"]]
            amount = sum(s["packets"] - s["lost_packets"] for s in streams)
            size = document["start"]["test_start"]["blksize"]
            return amount / streams[0]["seconds"], cpu / (amount * size / 1e9), 0.0
        sums = [end["sum_received"]]
        sums += [end[k] for k in ("sum_received_bidir_reverse",) if k in end]
        amounts = [s["bytes"] for s in sums]
        took = max(s["seconds"] for s in sums)
        return sum(amounts) / took, cpu / (sum(amounts) / 1e9), min(amounts) / sum(amounts)


class BareLoop:
    name = "bare loop"

    def __init__(self, program):
        self.program = program

    def run(self, arguments, counts, seconds):
        out = json.loads(subprocess.check_output([self.program, *arguments, str(seconds)]))
        if out["bytes"] == 0:
            sys.exit(f"bench: the bare loop moved nothing in {seconds} s; give it more (--seconds)")
        size = next((int(a[6:]) for a in arguments if a.startswith("--udp=")), 1)
        amount = out["bytes"] / size if counts == "datagrams" else out["bytes"]
        return amount / out["seconds"], out["cpu_seconds"] / (out["bytes"] / 1e9), 0.0


def progress(text):
    if sys.stderr.isatty():
        print(f"\r{text:60}", end="" if text else "\r", file=sys.stderr, flush=True)


def spread(ratios):
    low, middle, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
    return f"{middle:.2f} ({low:.2f}..{high:.2f})"


def versus(ratios, goal, most=False):
    if goal is None:
        return f"{spread(ratios):20}" + " " * 8
    middle = statistics.median(ratios)
    met = middle <= goal if most else middle >= goal
    sign = "<=" if most else ">="
    return f"{spread(ratios):20} {sign}{goal:<4g}{' ' if met else '!'}"


def supports(contender, arguments):
    """Whether the program knows the options: an older iperf3 has fewer."""
    text = subprocess.run([*contender.command, "--help"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True).stdout
    return all(a in text for a in arguments if a.startswith("--"))


def measure(row, roleperf, rivals, bare, options):
    name, arguments, bare_arguments, counts, _ = row
    strict, default = roleperf
    contenders = [strict, default] + [r for r in rivals if supports(r, arguments)]
    runs = {c.name: [] for c in contenders}
    runs[bare.name] = []
    for number in range(options.rounds):
        progress(f"{name}: round {number + 1} of {options.rounds}")
        for c in contenders:
            runs[c.name].append(c.run(arguments, counts, options.seconds))
        if bare_arguments is not None:
            words = [w.replace("{datagram}", str(options.datagram)) for w in bare_arguments]
            runs[bare.name].append(bare.run(words, counts, options.seconds))
    progress("")
    return runs


def print_row(row, runs, roleperf, rivals, bare):
    name, _, _, counts, goals = row
    unit, factor = UNITS[counts]
    strict, default = (runs[c.name] for c in roleperf)
    ran = [runs[r.name] for r in rivals if runs.get(r.name)]
    better = [max(r[i][0] for r in ran) for i in range(len(strict))]

    def ratios(ours, theirs):
        return [a[0] / b for a, b in zip(ours, theirs)]

    def median(of, index=0):
        return statistics.median(m[index] for m in of)
    figures = [f"{median(runs[c.name]) * factor:8.1f}" if runs.get(c.name) else f"{'-':>8}"
               for c in [*roleperf, *rivals, bare]]
    line = f"{name:18} {unit:>6} {' '.join(figures)}   "
    line += versus(ratios(strict, better), goals[0]) + "  "
    line += versus(ratios(default, better), goals[1]) + "  "
    if runs[bare.name]:
        side = default if goals[1] is not None else strict
        line += versus(ratios(side, [m[0] for m in runs[bare.name]]), goals[2])
    print(line.rstrip(), flush=True)
    if name == "--bidir":
        shares = [spread([m[2] for m in of]) for of in (strict, default)]
        print(f"{'':18} the weaker direction's share of the sum: strict {shares[0]}, default "
              f"{shares[1]}; goal >=0.4")
    if name == "TCP, 1 stream":
        cost = [[a[1] / min(r[i][1] for r in ran) for i, a in enumerate(of)]
                for of in (strict, default)]
        print(f"{'':18} CPU s per GB, both ends: strict {median(strict, 1):.2f}, default "
              f"{median(default, 1):.2f}; to the better iperf3: {versus(cost[0], 1.0, True)}  "
              f"{versus(cost[1], 0.6, True)}")


def large_blocks(roleperf, rivals, options):
    """roleperf's default against an iperf3 that is told -l 1M."""
    ratios = []
    for number in range(options.rounds):
        progress(f"iperf3 -l 1M: round {number + 1} of {options.rounds}")
        ours = roleperf[1].run([], "bytes", options.seconds)[0]
        ratios.append(ours / max(r.run(["-l", "1M"], "bytes", options.seconds)[0] for r in rivals))
    progress("")
    print(f"{'iperf3 -l 1M':18} default to the better iperf3 with -l 1M: {versus(ratios, 1.15)}")


def tests_per_second(contender, count):
    server = Server(contender.command, contender.extra, subprocess.DEVNULL)  # a full pipe would end it
    start = time.monotonic()
    for _ in range(count):
        subprocess.run([*contender.command, "-c", "127.0.0.1", "-p", server.port, "-n", "64K",
                        *contender.extra], check=True, stdout=subprocess.DEVNULL)
    took = time.monotonic() - start
    server.process.terminate()
    server.process.communicate()
    return count / took


def short_tests(roleperf, rivals, options):
    runs = {c.name: [] for c in [roleperf[1], *rivals]}
    for number in range(3):
        for c in [roleperf[1], *rivals]:
            progress(f"short tests of {c.name}: round {number + 1} of 3")
            # From 3.16 on each takes a second: a goal is looked at when an interval ends.
            runs[c.name].append(tests_per_second(c, 5 if c.name in options.slow else 200))
    progress("")
    ours = runs[roleperf[1].name]
    ratios = [ours[i] / max(runs[r.name][i] for r in rivals) for i in range(3)]
    figures = ", ".join(f"{c} {statistics.median(r):.1f}" for c, r in runs.items())
    print(f"{'-n 64K, 200 tests':18} tests a second: {figures}; to the better iperf3: "
          f"{versus(ratios, 1.5)}")


def memory_kib(pid, key):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith(key + ":"):
            return int(line.split()[1])
    return 0


def thousand_streams(roleperf):
    """Peak memory of each end with 1,000 streams, less that with one, a stream."""
    def peaks(streams):
        server = Server(roleperf[1].command, ["-J"])
        client = subprocess.Popen(
            [*roleperf[1].command, "-c", "127.0.0.1", "-p", server.port, "-J", "-t", "2", "-P",
             str(streams), "--extra-data", "x" * 6000], stdout=subprocess.PIPE, text=True)
        # Its report does not fit into the pipe, so that it is there until somebody reads. Not the
        # ru_maxrss of wait4(): that begins with what this program has.
        fcntl.fcntl(client.stdout, fcntl.F_SETPIPE_SZ, 4096)
        select.select([client.stdout], [], [])
        client_peak = memory_kib(client.pid, "VmHWM")
        document = json.loads(client.stdout.read())
        client.wait()
        peak = memory_kib(server.process.pid, "VmHWM")
        server.process.terminate()
        server.process.communicate()
        return document, client_peak, peak
    progress("-P 1000")
    _, client_1, server_1 = peaks(1)
    document, client_n, server_n = peaks(1000)
    progress("")
    if "error" in document:
        print(f"{'-P 1000':18} {document['error']}")
        return
    received = document["end"]["sum_received"]["bits_per_second"]
    print(f"{'-P 1000':18} {len(document['end']['streams'])} streams, {received * 1e-9:.1f} Gbit/s; "
          f"KiB a stream besides socket buffers: client {(client_n - client_1) / 999:.0f}, server "
          f"{(server_n - server_1) / 999:.0f}; goal <=64")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--roleperf", required=True)
    parser.add_argument("--bare-loop", required=True)
    parser.add_argument("--iperf3", action="append", default=[], metavar="PATH",
                        help="a release to compare with; repeatable (default: iperf3)")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--only", default="", metavar="TEXT", help="rows that contain this")
    return parser.parse_args()


def release_of(path):
    return subprocess.check_output([path, "-v"], text=True).split()[1]


def main():
    options = parse_arguments()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
    roleperf = (Contender("strict", [options.roleperf], ["--unbatched"]),
                Contender("roleperf", [options.roleperf]))
    paths = {release_of(p): p for p in options.iperf3 or ["iperf3"]}
    rivals = [Contender(f"iperf3 {release}", [path]) for release, path in paths.items()]
    options.slow = [f"iperf3 {r}" for r in paths if tuple(map(int, r.split(".")[:2])) >= (3, 16)]
    bare = BareLoop(options.bare_loop)
    options.datagram = 32768 - 40  # what an iperf3 client chooses on loopback is close to it
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo")
                  if line.startswith("model name")), "?")
    print(f"{os.cpu_count()} cores ({model}), Linux {os.uname().release}, {options.rounds} rounds of "
          f"{options.seconds} s; ratios: median (quartiles), goal, ! where it is not reached")
    heads = " ".join(f"{c.name.split()[-1]:>8}" for c in [*roleperf, *rivals])
    print(f"{'work':18} {'':6} {heads} {'bare':>8}   {'strict to iperf3':28}"
          f"  {'default to iperf3':28}  to the bare loop", flush=True)
    for row in ROWS:
        if options.only not in row[0]:
            continue
        runs = measure(row, roleperf, rivals, bare, options)
        print_row(row, runs, roleperf, rivals, bare)
    for name, run in (("iperf3 -l 1M", lambda: large_blocks(roleperf, rivals, options)),
                      ("-n 64K, 200 tests", lambda: short_tests(roleperf, rivals, options)),
                      ("-P 1000", lambda: thousand_streams(roleperf))):
        if options.only in name:
            run()


if __name__ == "__main__":
    main()
