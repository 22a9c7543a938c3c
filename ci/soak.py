#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs random tests against one roleperf server, with strangers beside them and bad clients between
them, and looks whether each test ends as it should and the server is in the end what it was.

All choices come from --seed. A finding is printed when it is made, and makes the exit status 1.
"""
import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

from bench import free_port, listening
import soak_neighbours

TEST_LIMIT = 60      # seconds: no test here lasts for a tenth of it
SETTLE_LIMIT = 30    # for the last stranger's patience to run out
MORE_MEMORY = 64     # MiB above what the server had after a test of each kind
BAD_WORDS = re.compile("CHECK failed|Sanitizer|runtime error|terminate called")

MODES = ["", "-R", "--bidir"]
FLAGS = ["--role-flag=auto", "--role-flag=cookie", "--role-flag=off", "--role-flag=require",
         "--role-flag-level=1", "--stream-connect=sequential", "--stream-connect=ordered"]
TCP_EXTRAS = ["-N", "-M 1400", "-w 64K", "-C reno", "-l 8K", "-l 1M", "-Z", "-S 8", "-b 100M", "-O 1",
              "--get-server-output", "--repeating-payload", "-i 0.1", "-i 0", "-T title"]
UDP_EXTRAS = ["-b 10M", "-b 100M", "-l 100", "-l 1400", "--udp-counters-64bit", "-b 5M/10", "-i 0.1",
              "--get-server-output", "-O 1"]
ONE_OF_EACH = ["-t 1 --bidir -P 4 --role-flag=auto", "-t 1 -R -P 8 --role-flag=off -J",
               "-u -t 1 --bidir -b 10M -J", "-n 1M -O 1", "-n 16M -Z --get-server-output"]


class Server:
    def __init__(self, program, port, output):
        environment = dict(os.environ, ASAN_OPTIONS="quarantine_size_mb=8")
        self.port = port
        self.output = output
        self.process = subprocess.Popen([program, "-s", "-p", str(port), "--forceflush"],
                                        stdout=output, stderr=output, env=environment)
        while not listening(port):
            if self.process.poll() is not None:
                sys.exit(f"soak: {program} -s ended before it listened")
            time.sleep(0.005)

    def state(self):
        """Descriptors, threads, resident MiB."""
        proc = f"/proc/{self.process.pid}"
        status = open(f"{proc}/status").read()
        resident = int(re.search(r"VmRSS:\s+(\d+)", status)[1]) // 1024
        return len(os.listdir(f"{proc}/fd")), len(os.listdir(f"{proc}/task")), resident

    def printed(self):
        self.output.seek(0)
        return self.output.read()


class Soak:
    def __init__(self, options):
        self.rng = random.Random(options.seed)
        self.options = options
        self.findings = 0
        self.counts = {}
        self.iperf3 = [p for p in find_iperf3(options.peers)]
        self.server = Server(options.roleperf, free_port(), tempfile.TemporaryFile("w+"))

    def finding(self, text):
        self.findings += 1
        print(f"soak: FINDING: {text}", flush=True)

    def count(self, kind):
        self.counts[kind] = self.counts.get(kind, 0) + 1

    # --- one test

    def roleperf_words(self):
        udp = self.rng.random() < 0.3
        words = [self.rng.choice(MODES), f"-P {self.rng.choice([1, 1, 2, 3, 8])}",
                 self.rng.choice(FLAGS), self.rng.choice(["", "-J", "-J", "--json-stream", "-V"])]
        words += self.rng.sample(UDP_EXTRAS if udp else TCP_EXTRAS, self.rng.randrange(4))
        if udp:
            goal = ["-t 1", "-n 100K", "-k 50"]
            words.append("-u")
        else:
            goal = ["-t 1", "-n 1M", "-n 64K", "-k 5", "-n 32M"]
        return " ".join(words + [self.rng.choice(goal)])

    def iperf3_words(self):
        """What all releases can do; their short tests may end before a server has read a byte."""
        udp = self.rng.random() < 0.3
        words = ["-t 1", self.rng.choice(MODES), f"-P {self.rng.choice([1, 2, 4])}",
                 self.rng.choice(["", "-J"])]
        return " ".join(words + (["-u", "-b 5M"] if udp else []))

    def run_test(self, program, words):
        line = [program, "-c", "127.0.0.1", "-p", str(self.server.port)] + words.split()
        client = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                  env=dict(os.environ, ASAN_OPTIONS="quarantine_size_mb=8"))
        ended_by = None
        if "roleperf" in program and self.rng.random() < 0.15:
            ended_by = self.rng.choice([signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
            time.sleep(self.rng.uniform(0, 1.2))
            client.send_signal(ended_by)
        try:
            out, err = client.communicate(timeout=TEST_LIMIT)
        except subprocess.TimeoutExpired:
            client.kill()
            out, err = client.communicate()
            return self.finding(f"{' '.join(line)}: did not end in {TEST_LIMIT} s: {out[-500:]}{err}")
        wrong = self.wrong_with(words, client.returncode, out, err, ended_by)
        if wrong:
            self.finding(f"{' '.join(line)}{f' (ended by {ended_by})' if ended_by else ''}: {wrong}: "
                         f"{out[-700:]} {err[-700:]}")

    def wrong_with(self, words, status, out, err, ended_by):
        if BAD_WORDS.search(out + err):
            return "a bug shows"
        if ended_by is not None:
            # Before it has taken its signals over a program ends by them, and says nothing.
            by_default = status == -ended_by and (not out or ended_by == signal.SIGKILL)
            if status != 0 and not by_default:
                return f"exit status {status}"
        elif status != 0:
            return f"exit status {status}"
        if ended_by == signal.SIGKILL or (ended_by is not None and not out):
            return None
        if "-J" in words.split():
            document = read_json(out)
            if document is None:
                return "no JSON document"
            if ended_by is None:
                return "an error in it" if "error" in document else None
        elif "--json-stream" in words:
            events = [read_json(line) for line in out.splitlines()]
            return None if events and all(events) and events[-1]["event"] == "end" else "broken events"
        elif ended_by is None and "iperf Done." not in out:
            return "not done"
        return None

    # --- the whole

    def step(self):
        dice = self.rng.random()
        if dice < 0.25:
            self.count("bad clients")
            soak_neighbours.bad_client(self.server.port, self.rng)
        elif dice < 0.5 and self.iperf3:
            self.count("tests of iperf3 clients")
            self.run_test(self.rng.choice(self.iperf3), self.iperf3_words())
        else:
            self.count("tests of roleperf clients")
            self.run_test(self.options.roleperf, self.roleperf_words())
        if self.server.process.poll() is not None:
            self.finding(f"the server has ended with {self.server.process.returncode}: "
                         f"{self.server.printed()[-3000:]}")
            return False
        return True

    def run(self):
        for words in ONE_OF_EACH:
            self.run_test(self.options.roleperf, words)
        before = self.server.state()
        neighbours = soak_neighbours.Neighbours(
            self.server.port, [self.rng.random() for _ in range(3)], random.Random)
        start = told = time.monotonic()
        while time.monotonic() < start + self.options.seconds and self.step():
            if time.monotonic() > told + 10:
                told = time.monotonic()
                fds, threads, memory = self.server.state()
                print(f"soak: {told - start:.0f} s: {self.summary(neighbours)}; server: "
                      f"{fds} descriptors, {threads} threads, {memory} MiB", flush=True)
        neighbours.stop()
        if self.server.process.poll() is None:
            self.settle(before)
        print(f"soak: seed {self.options.seed}: {self.summary(neighbours)}; {self.findings} findings")
        return 1 if self.findings else 0

    def summary(self, neighbours):
        counts = dict(self.counts, strangers=neighbours.visits)
        return ", ".join(f"{n} {kind}" for kind, n in counts.items())

    def settle(self, before):
        limit = time.monotonic() + SETTLE_LIMIT
        after = self.server.state()
        while after[:2] != before[:2] and time.monotonic() < limit:
            time.sleep(0.1)
            after = self.server.state()
        units = ("descriptors", "threads", "MiB")
        print("soak: server before and after: " + ", ".join(
            f"{b} and {a} {unit}" for b, a, unit in zip(before, after, units)))
        for was, now, what in zip(before[:2], after[:2], ("descriptors", "threads")):
            if now > was:
                self.finding(f"{now} {what}, where {was} were")
        if after[2] > before[2] + MORE_MEMORY:
            self.finding(f"{after[2]} MiB, where {before[2]} were")
        self.server.process.send_signal(signal.SIGTERM)
        status = self.server.process.wait(SETTLE_LIMIT)
        printed = self.server.printed()
        if status != 0 or BAD_WORDS.search(printed):
            self.finding(f"the server ended with {status}: {printed[-3000:]}")


def read_json(text):
    try:
        return json.loads(text)
    except ValueError:
        return None


def find_iperf3(peers):
    candidates = ["iperf3"] + [os.path.join(peers, d, "bin", "iperf3")
                               for d in (sorted(os.listdir(peers)) if os.path.isdir(peers) else [])]
    for program in candidates:
        try:
            subprocess.run([program, "-v"], stdout=subprocess.DEVNULL, check=True)
            yield program
        except (OSError, subprocess.CalledProcessError):
            pass


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--roleperf", required=True)
    parser.add_argument("--peers", default="", help="a folder that ci/peers.sh has filled")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    print(f"soak: {options.seconds:g} s, seed {options.seed}", flush=True)
    soak = Soak(options)
    try:
        return soak.run()
    finally:
        if soak.server.process.poll() is None:
            soak.server.process.kill()


if __name__ == "__main__":
    sys.exit(main())
