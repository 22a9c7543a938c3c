#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Holds the include rule: includes point downwards only, and wire/ and session/ do no I/O.

Usage: check_includes.py ROOT         lists every broken rule, exits 1 if there is one
       check_includes.py --self-test  shows that each rule can fail
"""
import pathlib
import re
import sys

BELOW = {"base": set()}
BELOW["wire"] = BELOW["net"] = BELOW["schedule"] = {"base"}
BELOW["session"] = {"base", "wire"}
BELOW["perf"] = {"base", "wire", "session", "net"}
BELOW["link"] = {"base", "net", "schedule"}
BELOW["conformance"] = BELOW["explore"] = set(BELOW)
BELOW["scenario"] = BELOW["conformance"] | {"conformance"}
BELOW["report"] = set(BELOW)
BELOW["rolecall"] = set(BELOW)
NO_IO_LAYERS = {"wire", "session"}
IO_TIME_THREADS = re.compile(
    r"<(sys|net|netinet|arpa|linux)/|<(unistd|fcntl|poll|netdb|time|signal|pthread|stdio)\.h>"
    r"|<(c?stdio|ctime|csignal|chrono|thread|mutex|shared_mutex|atomic|condition_variable|future|semaphore"
    r"|latch|barrier|stop_token|iostream|fstream|syncstream|filesystem)>|<boost/(asio|process|filesystem)"
    r"|<fmt/(chrono|os)\.h>|\"harness/base/(fd|deadline)\.h\"")
INCLUDE = re.compile(r'^\s*#\s*include\s+(<[^>]+>|"[^"]+")')


def broken(path, included):
    """The rule that `path` (from the root) breaks by including `included` (<x> or "x"), or None."""
    room, is_test = path.split("/"), path.endswith("_test.cc")
    layer = room[1] if room[0] == "harness" else room[0]
    if included == "<nlohmann/json.hpp>" and path.endswith(".h"):
        return "headers take <nlohmann/json_fwd.hpp>"
    if layer in NO_IO_LAYERS and not is_test and IO_TIME_THREADS.match(included):
        return f"{layer}/ includes nothing for I/O, time or threads"
    target = included.strip('"').split("/")
    if included[0] == "<" or target[0] not in ("harness", "shim", "fuzz"):
        return None if included[0] == "<" else "project headers are named by their path from the root"
    if target[0] == "fuzz":
        return None if room[0] == "fuzz" else "nothing but fuzz/ includes fuzz/"
    if "shim" in (room[0], target[0]):
        shared = room[0] == target[0] or included == '"shim/abi.h"' or (room[0] == "shim" and is_test)
        return None if shared else "shim/ and harness/ share only shim/abi.h"
    if room[0] != "harness" or target[1] == layer or target[1] in BELOW[layer]:
        return None
    return f"{layer}/ may not include {target[1]}/"


def complaints(root):
    sources = [file for folder in ("harness", "shim", "fuzz") for file in sorted((root / folder).rglob("*.*"))
               if file.suffix in (".h", ".cc", ".c")]
    if not sources:
        yield f"{root}: no sources here, so nothing was checked"
    for file in sources:
        path = str(file.relative_to(root))
        for number, line in enumerate(file.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            rule = match and broken(path, match[1])
            if rule:
                yield f"{path}:{number}: {match[1]}: {rule}"


def self_test():
    must_break = [
        ("harness/base/fd.cc", '"harness/net/socket.h"'), ("harness/wire/state.h", '"harness/session/event.h"'),
        ("harness/perf/main.cc", '"harness/scenario/run.h"'), ("harness/scenario/run.cc", '"harness/report/json.h"'),
        ("harness/scenario/run.cc", '"harness/explore/model.h"'), ("harness/net/reactor.h", '"harness/wire/state.h"'),
        ("harness/wire/state.cc", "<chrono>"), ("harness/session/client.cc", "<sys/socket.h>"),
        ("harness/session/client.cc", '"harness/base/deadline.h"'), ("harness/wire/params.h", "<nlohmann/json.hpp>"),
        ("harness/scenario/run.cc", '"shim/gate.h"'), ("shim/gate.h", '"harness/base/fd.h"'),
        ("harness/base/fd.cc", '"fd.h"'), ("harness/wire/params.cc", '"fuzz/target.h"'),
        ("harness/conformance/case.h", '"harness/scenario/peer.h"')]
    must_pass = [
        ("harness/base/fd.cc", '"harness/base/fd.h"'), ("harness/session/client.cc", '"harness/wire/state.h"'),
        ("harness/rolecall/main.cc", '"harness/report/json.h"'), ("harness/wire/params.cc", "<nlohmann/json.hpp>"),
        ("harness/scenario/run.cc", '"shim/abi.h"'), ("harness/scenario/run.cc", '"harness/conformance/case.h"'), ("harness/net/socket.cc", "<sys/socket.h>"),
        ("fuzz/cookie.cc", '"fuzz/target.h"'), ("fuzz/cookie.cc", '"harness/wire/cookie.h"')]
    wrong = [f"not refused: {case}" for case in must_break if not broken(*case)]
    wrong += [f"refused: {case}: {broken(*case)}" for case in must_pass if broken(*case)]
    return wrong


if __name__ == "__main__":
    found = self_test() if sys.argv[1] == "--self-test" else list(complaints(pathlib.Path(sys.argv[1])))
    print("\n".join(found) or "no rule is broken")
    sys.exit(1 if found else 0)
