# SPDX-License-Identifier: BSD-3-Clause
"""Blind mutants: made of the sources by rule, with no case in mind. plant.py plants them.

Each row of the transition table removed, and widened to any next state; each range of a parameter without
its least and without its most; each key of the results not asked for; each condition of the session and of
the documents turned round.
"""
import re

TRANSITIONS = "harness/session/transitions.h"
PARAMETERS = "harness/wire/params.cc"
RESULTS = "harness/wire/results.cc"
CONDITIONS = [
    "harness/session/client_session.cc", "harness/session/server_session.cc", "harness/session/server_streams.cc",
    "harness/session/roster.cc", "harness/wire/control_decoder.cc", "harness/wire/cookie.cc", PARAMETERS, RESULTS,
    "harness/wire/role_flag.cc",
]


def mutant(name, file, find, put, **more):
    return {"name": "blind-" + name, "kills": [], "edits": [{"file": file, "find": find, "put": put, **more}]}


def transitions(source):
    table = source[source.index("kTransitions = {"):source.index("};", source.index("kTransitions"))]
    find = "std::ranges::count(kTransitions, step) > 0"
    for number, row in enumerate(re.findall(r"Transition\{State::(\w+), End::(\w+), State::(\w+)\}", table), 1):
        start, sender, to = row
        yield mutant(f"transition-{number}-removed", TRANSITIONS, find,
                     f"step != Transition{{State::{start}, End::{sender}, State::{to}}} && {find}")
        yield mutant(f"transition-{number}-to-any-state", TRANSITIONS, find,
                     f"step.from == State::{start} && step.sender == End::{sender} || {find}")


def ranges(source):
    for key, most in re.findall(r'\{"(\w+)", &Parameters::\w+, \d+, (\w+), \w+\}', source):
        other = f'r.key != std::string_view("{key}")'
        yield mutant(f"least-{key}-unchecked", PARAMETERS, "value < r.least", f"value < r.least && {other}")
        if most != "kUnlimited":
            yield mutant(f"most-{key}-unchecked", PARAMETERS, "value > r.most", f"value > r.most && {other}")


def result_keys(source):
    for find, kind, key in re.findall(r'((integer|number)_of\(f, "(\w+)"\))', source):
        value = "std::int64_t" if kind == "integer" else "double"
        yield mutant(f"result-{key}-not-needed", RESULTS, find, f'Result<{value}>(f.{kind}("{key}").value_or(0))')


def conditions(file, source):
    for match in re.finditer(r"\bif \(", source):
        begin, depth, end = match.end(), 1, match.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(source[end], 0)
            end += 1
        end -= 1
        declared = source.rfind(";", begin, end)
        if declared >= 0:
            begin = declared + 2
        text = source[begin:end]
        if not text.strip() or re.match(r"(const )?auto\b", text):
            continue
        line = source.count("\n", 0, begin) + 1
        stem = file.split("/")[-1].removesuffix(".cc").replace("_", "-")
        yield mutant(f"{stem}-{line}-turned-round", file, text, f"!({text})", span=(begin, end), is_condition=True)


def mutants(sources):
    made = [*transitions(sources[TRANSITIONS]), *ranges(sources[PARAMETERS]), *result_keys(sources[RESULTS])]
    for file in CONDITIONS:
        made += conditions(file, sources[file])
    return made
