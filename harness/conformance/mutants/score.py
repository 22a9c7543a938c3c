#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs conformance cases against roleperf's mutants, and says which mutants they find.

Usage: score.py ROLECALL MUTANTS LIST [--planted N/OF] [--blind N/OF] [--only PATTERN] [--jobs N]
       score.py --self-test   shows what counts as killed, and that a control that fails is said

MUTANTS is roleperf_mutants, LIST the mutants.json that was written with it. Every case has to be named by some
mutant. First the program without a fault meets the cases: those that judge (MUST, SHOULD) have to pass, and what
those that record (QUIRK) answer, a pass or a note, is kept. Then each planted mutant meets the cases that are to find
it, each pair is one row. A case that judges finds a mutant by failing, one that records by another answer than
before; a mutant that crashes is found by the suite and not by the case, which is said apart. One that survives or
crashes makes the exit status 1. Blind mutants meet cases until one finds them; they have a score and no claim.
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

FAILED = {"failed", "warning"}
RECORDED = {"passed", "noted"}
ARGUMENTS = {"server": ["-s", "-p", "{port}"], "client": ["-c", "{host}", "-p", "{port}"]}
LEVELS = {"MUST", "SHOULD", "QUIRK"}
CHUNK = 24  # cases that a blind mutant meets at a time


def side_of(case):
    return case.split("/")[0]


class Suite:
    def __init__(self, rolecall, program, jobs):
        self.rolecall, self.program, self.jobs = rolecall, program, jobs

    def command(self, side, cases, mutant):
        selected = [word for case in cases for word in ("--case", case)]
        fault = ["env", f"ROLEPERF_MUTANT={mutant}"] if mutant else []
        patience = [] if mutant else ["--timeout", "60"]  # without a fault nothing hangs
        return [self.rolecall, "conform", side, *selected, *patience, "--json", "--jobs", str(self.jobs), "--",
                *fault, self.program, *ARGUMENTS[side], "{options}"]

    def outcomes(self, side, cases, mutant=None):
        """Each case's result of `rolecall conform`, by id; all cases of the side where `cases` is empty."""
        command = self.command(side, cases, mutant)
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=without_leaks())
        try:
            return {result["id"]: result for result in json.loads(run.stdout)["cases"]}
        except ValueError:
            sys.exit(f"score.py: {' '.join(command)} exited with {run.returncode}: {run.stderr}")


def without_leaks():
    """Our environment, for programs that look for no leaks: a search takes longer than most cases, and whether what
    is wrong on purpose leaks is nobody's question."""
    options = [os.environ.get("ASAN_OPTIONS"), "detect_leaks=0"]
    return {**os.environ, "ASAN_OPTIONS": ":".join(filter(None, options))}


def levels_of_cases(rolecall):
    """Every case's level, as --list has it: its name and its level come first in a row."""
    levels = {}
    for side in ARGUMENTS:
        table = subprocess.run([rolecall, "conform", side, "--list"], stdout=subprocess.PIPE, text=True, check=True)
        rows = [re.split(r"  +", line) for line in table.stdout.splitlines()]
        levels.update({f"{side}/{row[0]}": row[1] for row in rows if len(row) > 1 and row[1] in LEVELS})
    return levels


class Control:
    """What the cases answer of the program without a fault."""

    def __init__(self, suite, levels, cases):
        self.levels, self.results = levels, {}
        for side in ARGUMENTS:
            own = [case for case in cases if side_of(case) == side]
            if own:
                self.results.update(suite.outcomes(side, own))

    def wrong(self):
        return [f"{case}: {r['outcome']} without a fault: expected {r.get('expected')}, found {r.get('found')}"
                for case, r in self.results.items() if r["outcome"] not in self.right(case)]

    def right(self, case):
        return RECORDED if self.levels[case] == "QUIRK" else {"passed"}

    def verdict(self, case, result):
        """"killed", "crashed", or how the mutant survived."""
        before, outcome = self.results[case], result["outcome"]
        if outcome == "crashed":
            return outcome
        if self.levels[case] != "QUIRK":
            killed = outcome in FAILED
        else:
            killed = outcome in RECORDED and answer(result) != answer(before)
        return "killed" if killed else f"SURVIVED ({outcome})"


def answer(result):
    """Where a case that records stopped: what is found there has figures and ports in it."""
    return result["outcome"], result.get("expected")


def run_planted(suite, control, mutant):
    """Rows of one planted mutant: (mutant, case, verdict)."""
    outcomes = {}
    for side in ARGUMENTS:
        cases = [case for case in mutant["kills"] if side_of(case) == side]
        if cases:
            outcomes.update(suite.outcomes(side, cases, mutant["name"]))
    return [(mutant, case, control.verdict(case, outcomes[case])) for case in mutant["kills"]]


def run_blind(suite, mutant, cases):
    """The first case that finds a blind mutant, and how; those of the end whose source it is in come first."""
    file = mutant["edits"][0]["file"]
    first = "client" if "client" in file else "server"
    for side in sorted(ARGUMENTS, key=lambda s: s != first):
        own = [case for case in cases if side_of(case) == side]
        for at in range(0, len(own), CHUNK):
            results = suite.outcomes(side, own[at:at + CHUNK], mutant["name"])
            found = [(case, r["outcome"]) for case, r in results.items()
                     if r["outcome"] in FAILED | {"crashed", "broken"}]
            if found:
                return mutant, *found[0]
    return mutant, None, None


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


def score_planted(suite, control, mutants, pool):
    rows = [row for rows in pool.map(lambda m: run_planted(suite, control, m), mutants) for row in rows]
    print_table(("mutant", "planted", "case", "level", ""),
                [(m["name"], planted_text(m), case, control.levels[case], verdict) for m, case, verdict in rows])
    left = [(m, case) for m, case, verdict in rows if verdict != "killed"]
    for mutant, case in left:
        print("again: " + " ".join(suite.command(side_of(case), [case], mutant["name"])))
    crashed = sum(verdict == "crashed" for _, _, verdict in rows)
    print(f"{len(rows) - len(left)} of {len(rows)} killed, {crashed} crashed: "
          f"{len(mutants)} mutants, {len({r[1] for r in rows})} cases")
    return not left


def score_blind(suite, mutants, cases, pool):
    rows = list(pool.map(lambda m: run_blind(suite, m, cases), mutants))
    print_table(("blind mutant", "planted", "found by", ""),
                [(m["name"], planted_text(m), case or "nothing: survived", how or "") for m, case, how in rows])
    crashed = sum(how == "crashed" for _, _, how in rows)
    killed = sum(case is not None for _, case, _ in rows) - crashed
    print(f"blind: {killed} of {len(rows)} killed ({100 * killed / max(len(rows), 1):.0f} %), {crashed} more crashed")


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


def self_test():
    control = Control(None, {"server/must": "MUST", "server/quirk": "QUIRK"}, [])
    noted = {"outcome": "noted", "expected": "one step"}
    control.results = {"server/must": {"outcome": "passed"}, "server/quirk": noted}
    checks = [
        ("server/must", {"outcome": "failed"}, "killed"),
        ("server/must", {"outcome": "crashed"}, "crashed"),
        ("server/must", {"outcome": "passed"}, "SURVIVED (passed)"),
        ("server/must", {"outcome": "broken"}, "SURVIVED (broken)"),
        ("server/quirk", noted, "SURVIVED (noted)"),
        ("server/quirk", {"outcome": "noted", "expected": "another step"}, "killed"),
        ("server/quirk", {"outcome": "passed"}, "killed"),
        ("server/quirk", {"outcome": "crashed"}, "crashed"),
    ]
    wrong = [(case, result) for case, result, wanted in checks if control.verdict(case, result) != wanted]
    wrong += control.wrong()
    control.results["server/must"] = {"outcome": "failed"}
    if len(control.wrong()) != 1:
        wrong.append("a control that fails is not said")
    for line in wrong:
        print("score.py --self-test:", line)
    return 1 if wrong else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    wanted, begin = arguments(), time.monotonic()
    mutants = [m for m in json.load(open(wanted.list)) if fnmatch.fnmatch(m["name"], wanted.only)]
    if not mutants:
        sys.exit(f"score.py: no mutant is called '{wanted.only}'")
    suite = Suite(wanted.rolecall, wanted.mutants, 16)
    planted = [m for m in mutants if m["kills"]]
    levels = levels_of_cases(wanted.rolecall)
    claimed = {case for m in planted for case in m["kills"]}
    wrong = [f"{case}: no mutant is to be found by it" for case in levels if wanted.only == "*" and case not in claimed]
    chosen = part(planted, wanted.planted)
    asked = {case for m in chosen for case in m["kills"]}
    control = Control(suite, levels, list(levels) if wanted.blind else sorted(asked))
    wrong += control.wrong()
    with concurrent.futures.ThreadPoolExecutor(wanted.jobs) as pool:
        good = score_planted(suite, control, chosen, pool)
        if wanted.blind:
            quick = [case for case, level in levels.items()
                     if level != "QUIRK" and control.results[case]["seconds"] < 4]
            score_blind(suite, part([m for m in mutants if not m["kills"]], wanted.blind), spread(quick), pool)
    for line in wrong:
        print(line)
    print(f"{time.monotonic() - begin:.0f} s")
    return 0 if good and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
