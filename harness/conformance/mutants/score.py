#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs conformance cases against roleperf's mutants, and says which mutants they find.

Usage: score.py ROLECALL MUTANTS LIST [--blind N/OF] [--only PATTERN] [--jobs N]

MUTANTS is roleperf_mutants, LIST the mutants.json that was written with it. First the program without a fault
has to pass every case that judges (MUST, SHOULD), and each of these has to be named by some mutant. Then
each planted mutant meets the cases that are to find it, each pair is one row, and a mutant that survives one of
them makes the exit status 1. Blind mutants (every OFth of them, from the Nth on; 0/1 is all, none by default)
meet cases until one finds them; they have a score and no claim.
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


def control(suite):
    """What is wrong before any fault is planted, and every case that judges."""
    results = {**suite.outcomes("server", []), **suite.outcomes("client", [])}
    judging = {case: r for case, r in results.items() if r["level"] != "QUIRK"}
    wrong = [f"{case}: {r['outcome']} without a fault: expected {r.get('expected')}, found {r.get('found')}"
             for case, r in judging.items() if r["outcome"] != "passed"]
    return judging, wrong


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
    """Neighbours in the list are alike; cases that differ find more in one go. Slow ones are left out."""
    step = 17
    return [case for i in range(step) for case in cases[i::step]]


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("rolecall")
    parser.add_argument("mutants")
    parser.add_argument("list")
    parser.add_argument("--blind", default="", metavar="N/OF")
    parser.add_argument("--only", default="*", metavar="PATTERN", help="mutants by name; no control run then")
    parser.add_argument("--jobs", type=int, default=2 * (os.cpu_count() or 1))
    return parser.parse_args()


def main():
    wanted, begin = arguments(), time.monotonic()
    mutants = [m for m in json.load(open(wanted.list)) if fnmatch.fnmatch(m["name"], wanted.only)]
    planted = [m for m in mutants if m["kills"]]
    suite = Suite(wanted.rolecall, wanted.mutants, 16)
    judging, wrong = control(suite) if wanted.only == "*" or wanted.blind else ({}, [])
    claimed = {case for m in planted for case in m["kills"]}
    if wanted.only == "*":
        wrong += [f"{case}: no mutant is to be found by it" for case in judging if case not in claimed]
    with concurrent.futures.ThreadPoolExecutor(wanted.jobs) as pool:
        good = score_planted(suite, planted, pool)
        if wanted.blind:
            first, of = map(int, wanted.blind.split("/"))
            quick = spread([case for case, result in judging.items() if result["seconds"] < 4])
            score_blind(suite, [m for m in mutants if not m["kills"]][first::of], quick, pool)
    for line in wrong:
        print(line)
    print(f"{time.monotonic() - begin:.0f} s")
    return 0 if good and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
