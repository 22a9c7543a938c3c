#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compares the ways to move bytes through a socket that roleperf could take, each as a bare loop.

Every way runs in turn with the plainest one, a blocking call a block, round after round; the ratios of
rate and of CPU time a byte are medians with quartiles. ci/bench.sh --choices calls this.
"""
import argparse
import os
import subprocess

from bench import BareLoop, progress, spread

# what, arguments of the bare loop, what roleperf makes of it
TCP = [
    ("sendmsg, 8 blocks a call", ["--send=sendmsg"], "default"),
    ("io_uring, 8 linked sends", ["--send=uring-send"], "no"),
    ("sendfile from memory", ["--send=sendfile"], "-Z"),
    ("vmsplice and splice", ["--send=splice"], "no"),
    ("MSG_ZEROCOPY", ["--send=zerocopy"], "no"),
    ("recv of up to 2 MiB", ["--receive=recv-2M"], "no"),
    ("the same, SO_RCVLOWAT 128 KiB", ["--receive=rcvlowat"], "on fast streams"),
    ("io_uring, recv of up to 2 MiB", ["--receive=uring-recv"], "no"),
    ("recvmsg, 16 times into 128 KiB", ["--receive=recvmsg"], "default"),
    ("recv with MSG_TRUNC", ["--receive=truncate"], "--skip-rx-copy"),
    ("sendmsg and recv of 2 MiB", ["--send=sendmsg", "--receive=recv-2M"], "no"),
    ("sendmsg and recvmsg", ["--send=sendmsg", "--receive=recvmsg"], "default"),
]
UDP = [
    ("sendmmsg, 64 a call", ["--send=sendmmsg"], "default"),
    ("recvmmsg, 64 a call", ["--receive=recvmmsg"], "default"),
    ("sendmmsg and recvmmsg", ["--send=sendmmsg", "--receive=recvmmsg"], "default"),
    ("io_uring, 64 sends and recvs", ["--send=uring-send", "--receive=uring-recv"], "no"),
    ("GSO and GRO", ["--send=gso", "--receive=gro"], "--gsro"),
]
WORKS = [
    ("TCP, 1 stream", ["1", "0"], TCP),
    ("TCP, 8 streams", ["8", "0"], TCP),
    ("UDP, 64 bytes", ["--udp=64", "1", "0"], UDP),
    ("UDP, 1460 bytes", ["--udp=1460", "1", "0"], UDP),
]


def has(program, way):
    """Whether the bare loop knows the way: without liburing it knows fewer."""
    usage = subprocess.run([program], stderr=subprocess.PIPE, text=True).stderr.replace(",", "").split()
    return all(word.split("=")[1] in usage for word in way)


def compare(bare, work, way, options):
    """Ratios of rate and of CPU time a byte, round by round."""
    rates, costs = [], []
    for number in range(options.rounds):
        progress(f"{' '.join(way)}: round {number + 1} of {options.rounds}")
        plain = bare.run(work, "bytes", options.seconds)
        tried = bare.run([*way, *work], "bytes", options.seconds)
        rates.append(tried[0] / plain[0])
        costs.append(tried[1] / plain[1])
    progress("")
    return rates, costs


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bare-loop", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--only", default="", metavar="TEXT", help="ways that contain this")
    options = parser.parse_args()
    if options.seconds < 0.01:
        parser.error("--seconds: at least 0.01")
    bare = BareLoop(options.bare_loop)
    print(f"{os.cpu_count()} cores, Linux {os.uname().release}, {options.rounds} rounds of "
          f"{options.seconds} s; ratios to one blocking call a block: median (quartiles)")
    print(f"{'work':16} {'way':32} {'bytes a second':20} {'CPU a byte':20} in roleperf")
    for name, work, ways in WORKS:
        for label, way, use in ways:
            if options.only not in label:
                continue
            if not has(options.bare_loop, way):
                print(f"{name:16} {label:32} left out: bare_loop was built without it")
                continue
            rates, costs = compare(bare, work, way, options)
            print(f"{name:16} {label:32} {spread(rates):20} {spread(costs):20} {use}", flush=True)


if __name__ == "__main__":
    main()
