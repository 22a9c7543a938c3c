#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs conformance cases against roleperf's mutants, and says which mutants they find.

Usage: score.py ROLECALL MUTANTS LIST [--planted N/OF] [--blind N/OF] [--only PATTERN] [--jobs N]

MUTANTS is roleperf_mutants, LIST the mutants.json that was written with it. Every case that judges (MUST,
SHOULD) has to be named by some mutant. Each planted mutant meets the cases that are to find it, each pair is one
row, and a mutant that survives one of them makes the exit status 1. Blind mutants meet cases until one finds
them; they have a score and no claim, and before them the program without a fault has to pass every case.
N/OF takes every OFth mutant from the Nth on: 0/1 is all. The default is all of the planted ones, and none of the
blind.
"""
import argparse
import concurrent.futures
import fnmatch
import json
import os
import re
import subprocess
import sys
import time

FOUND = {"failed", "warning"}
ARGUMENTS = {"server": ["-s", "-p", "{port}"], "client": ["-c", "{host}", "-p", "{port}"]}
CHUNK = 24  # cases that a blind mutant meets at a time


def side_of(case):
    return case.split("/")[0]


class Suite:
    def __init__(self, rolecall, program, jobs):
        self.rolecall, self.program, self.jobs = rolecall, program, jobs

    def command(self, side, cases, mutant):
        selected = [word for case in cases for word in ("--case", case)]
        fault = ["env", f"ROLEPERF_MUTANT={mutant}"] if mutant else []
        return [self.rolecall, "conform", side, *selected, "--json", "--jobs", str(self.jobs), "--",
                *fault, self.program, *ARGUMENTS[side], "{options}"]

    def outcomes(self, side, cases, mutant=None):
        """Each case's result of `rolecall conform`, by id; all cases of the side where `cases` is empty."""
        command = self.command(side, cases, mutant)
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            return {result["id"]: result for result in json.loads(run.stdout)["cases"]}
        except ValueError:
            sys.exit(f"score.py: {' '.join(command)} exited with {run.returncode}: {run.stderr}")


def judging_cases(rolecall):
    """Every case on a MUST or SHOULD, as --list has it: its name and its level come first in a row."""
    cases = []
    for side in ARGUMENTS:
        table = subprocess.run([rolecall, "conform", side, "--list"], stdout=subprocess.PIPE, text=True, check=True)
        rows = [re.split(r"  +", line) for line in table.stdout.splitlines()]
        cases += [f"{side}/{row[0]}" for row in rows if len(row) > 1 and row[1] in ("MUST", "SHOULD")]
    return cases


def control(suite, judging):
    """What is wrong before any fault is planted, and the cases that take less than 4 s."""
    results = {**suite.outcomes("server", []), **suite.outcomes("client", [])}
    wrong = [f"{case}: {results[case]['outcome']} without a fault: expected {results[case].get('expected')}, "
             f"found {results[case].get('found')}" for case in judging if results[case]["outcome"] != "passed"]
    return [case for case in judging if results[case]["seconds"] < 4], wrong


def run_planted(suite, mutant):
    """Rows of one planted mutant: (mutant, case, outcome)."""
    outcomes = {}
    for side in ARGUMENTS:
        cases = [case for case in mutant["kills"] if side_of(case) == side]
        if cases:
            outcomes.update(suite.outcomes(side, cases, mutant["name"]))
    return [(mutant, case, outcomes[case]["outcome"]) for case in mutant["kills"]]


def run_blind(suite, mutant, cases):
    """The first cases that find a blind mutant; those of the end whose source it is in come first."""
    file = mutant["edits"][0]["file"]
    first = "client" if "client" in file else "server"
    for side in sorted(ARGUMENTS, key=lambda s: s != first):
        own = [case for case in cases if side_of(case) == side]
        for at in range(0, len(own), CHUNK):
            results = suite.outcomes(side, own[at:at + CHUNK], mutant["name"])
            found = [case for case, r in results.items() if r["outcome"] in FOUND | {"broken"}]
            if found:
                return mutant, found[0]
    return mutant, None


def summary(text, width):
    text = re.sub(r"\s+", " ", text)
    return text if len(text) <= width else text[:width - 1] + "…"


def planted_text(mutant):
    edit = mutant["edits"][0]
    more = f" (and {len(mutant['edits']) - 1} more)" if len(mutant["edits"]) > 1 else ""
    return f"{edit['file'].split('/')[-1]}: {summary(edit['find'], 44)} → {summary(edit['put'] or '(nothing)', 44)}{more}"


def print_table(head, rows):
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    for row in [head, tuple("─" * width for width in widths), *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    print(flush=True)


def score_planted(suite, mutants, pool):
    rows = [row for rows in pool.map(lambda m: run_planted(suite, m), mutants) for row in rows]
    print_table(("mutant", "planted", "case", ""),
                [(m["name"], planted_text(m), case, "killed" if outcome in FOUND else f"SURVIVED ({outcome})")
                 for m, case, outcome in rows])
    survived = [(m, case) for m, case, outcome in rows if outcome not in FOUND]
    for mutant, case in survived:
        print("again: " + " ".join(suite.command(side_of(case), [case], mutant["name"])))
    print(f"{len(rows) - len(survived)} of {len(rows)} killed: {len(mutants)} mutants, {len({r[1] for r in rows})} cases")
    return not survived


def score_blind(suite, mutants, cases, pool):
    rows = list(pool.map(lambda m: run_blind(suite, m, cases), mutants))
    print_table(("blind mutant", "planted", "found by"),
                [(m["name"], planted_text(m), case or "nothing: survived") for m, case in rows])
    killed = sum(case is not None for _, case in rows)
    print(f"blind: {killed} of {len(rows)} killed ({100 * killed / max(len(rows), 1):.0f} %)")


def spread(cases):
    """Neighbours in the list are alike; cases that differ find more in one go."""
    step = 17
    return [case for i in range(step) for case in cases[i::step]]


def part(mutants, wanted):
    number, of = (int(word) for word in wanted.split("/"))
    return mutants[number % of::of]


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("rolecall")
    parser.add_argument("mutants")
    parser.add_argument("list")
    parser.add_argument("--planted", default="0/1", metavar="N/OF")
    parser.add_argument("--blind", default="", metavar="N/OF")
    parser.add_argument("--only", default="*", metavar="PATTERN", help="mutants by name")
    parser.add_argument("--jobs", type=int, default=2 * (os.cpu_count() or 1))
    return parser.parse_args()


def main():
    wanted, begin = arguments(), time.monotonic()
    mutants = [m for m in json.load(open(wanted.list)) if fnmatch.fnmatch(m["name"], wanted.only)]
    if not mutants:
        sys.exit(f"score.py: no mutant is called '{wanted.only}'")
    suite = Suite(wanted.rolecall, wanted.mutants, 16)
    planted = [m for m in mutants if m["kills"]]
    judging = judging_cases(wanted.rolecall)
    claimed = {case for m in planted for case in m["kills"]}
    wrong = [f"{case}: no mutant is to be found by it" for case in judging
             if wanted.only == "*" and case not in claimed]
    with concurrent.futures.ThreadPoolExecutor(wanted.jobs) as pool:
        good = score_planted(suite, part(planted, wanted.planted), pool)
        if wanted.blind:
            quick, failed = control(suite, judging)
            wrong += failed
            score_blind(suite, part([m for m in mutants if not m["kills"]], wanted.blind), spread(quick), pool)
    for line in wrong:
        print(line)
    print(f"{time.monotonic() - begin:.0f} s")
    return 0 if good and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
