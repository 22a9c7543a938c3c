#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Plants faults into copies of roleperf's sources: one program that has them all, one chosen at run time.

Usage: plant.py ROOT OUT SOURCE...   writes a copy of each SOURCE (from ROOT) under OUT, and OUT/mutants.json
       plant.py --lists FOLDER ROOT OUT SOURCE...   the same with the lists of FOLDER alone: those of fuzz/
       plant.py --self-test          shows that each complaint can come

The lists are the *.mutants files beside this script:

    mutant takes-36-bytes-for-a-cookie          its name, which says what is planted
    kills server/answer-comes-with-byte-37      the cases that must find it
    in harness/wire/control_decoder.cc
    - take(kCookieSize)                         a text that stands in that file exactly once
    + take(36)                                  what the mutant has in its place

`each n 0 2 7` makes a mutant of each of these, with {n} replaced wherever it stands; `each key/case len/no-block
burst/burst-of-1001` replaces two words at once.

A text that ends with ; is a statement, any other one an expression. White space counts as white space
of any kind. An edit is kept beside the text that it replaces, as `planted(17) ? (take(36)) : (take(kCookieSize))`.
So any number of mutants may share a text or lie within one another's, and a text that has changed ends the build.
Blind mutants, which blind.py makes of the sources by rule, go the same way.
"""
import json
import pathlib
import re
import sys

import blind

HERE = pathlib.Path(__file__).resolve().parent
PLANTED = "rolecall::conformance::planted"


class Wrong(Exception):
    pass


def parse(text, origin):
    """The mutants of one list: [{"name", "kills", "edits": [{"file", "find", "put"}]}]."""
    mutants, families = [], {}
    for number, line in enumerate(text.splitlines(), 1):
        word, _, rest = line.strip().partition(" ")
        rest = rest.strip()
        if not word or word.startswith("#"):
            continue
        if word == "mutant":
            mutants.append({"name": rest, "kills": [], "edits": []})
        elif not mutants:
            raise Wrong(f"{origin}:{number}: '{word}' stands before the first mutant")
        elif word == "each":
            families[mutants[-1]["name"]] = rest.split()
        elif word == "kills":
            mutants[-1]["kills"] += rest.split()
        elif word == "in":
            mutants[-1]["edits"].append({"file": rest, "find": "", "put": ""})
        elif word in "-+" and mutants[-1]["edits"]:
            edit, key = mutants[-1]["edits"][-1], "find" if word == "-" else "put"
            if key == "find" and edit["put"]:  # another edit of the same file
                mutants[-1]["edits"].append({"file": edit["file"], "find": rest, "put": ""})
            else:
                edit[key] = (edit[key] + "\n" + rest).strip()
        else:
            raise Wrong(f"{origin}:{number}: a line begins with mutant, each, kills, in, - or +, not with '{word}'")
    for mutant in mutants:
        if not mutant["kills"] or not mutant["edits"] or not all(e["find"] for e in mutant["edits"]):
            raise Wrong(f"{origin}: mutant {mutant['name']} needs kills, in and a line with -")
    return [member for mutant in mutants for member in members(mutant, families.get(mutant["name"]))]


def members(mutant, family):
    """The mutants of an `each`, or the one that there is."""
    if family is None:
        return [mutant]
    words, *rows = (row.split("/") for row in family)
    made = []
    for row in rows:
        text = json.dumps(mutant)
        for word, value in zip(words, row, strict=True):
            text = text.replace("{" + word + "}", value)
        made.append(json.loads(text))
    return made


def locate(source, edit, who):
    """Begin and end of the one place where the edit's text stands."""
    pattern = r"\s+".join(re.escape(word) for word in edit["find"].split())
    found = [match.span() for match in re.finditer(pattern, source)]
    if len(found) != 1:
        raise Wrong(f"mutant {who}: its text stands {len(found)} times in {edit['file']}, not once: {edit['find']}")
    return found[0]


def is_statement(text):
    return text.rstrip().endswith(";")


def choice(original, text, edits):
    """The C++ text that chooses between `text`, as it is by now, and what each of the edits puts there."""
    if is_statement(original):
        chain = "".join(f"if ({PLANTED}({e['number']})) {{ {e['put']} }} else " for e in edits)
        return f"{{ {chain}{{ {text} }} }}"
    chain = "".join(f"{PLANTED}({e['number']}) ? ({e['put']}) : " for e in edits)
    as_it_is = f"static_cast<bool>({text})" if any(e.get("is_condition") for e in edits) else f"({text})"
    return f"({chain}{as_it_is})"


def render(source, begin, end, edits):
    """source[begin:end] with the edits in it, which are sorted from the outer to the inner."""
    text, at = "", begin
    while edits:
        span = edits[0]["span"]
        here = [e for e in edits if e["span"] == span]
        inner = [e for e in edits if e["span"] != span and e["span"][0] < span[1]]
        across = next((e for e in inner if e["span"][1] > span[1]), None)
        if across:
            raise Wrong(f"mutants {here[0]['who']} and {across['who']} overlap: widen one of them")
        edits = edits[len(here) + len(inner):]
        original = source[span[0]:span[1]]
        text += source[at:span[0]] + choice(original, render(source, *span, inner), here)
        at = span[1]
    return text + source[at:end]


def plant(source, edits):
    ordered = sorted(edits, key=lambda e: (e["span"][0], -e["span"][1], e["number"]))
    return render(source, 0, len(source), ordered)


def read_lists(folder):
    mutants = [m for file in sorted(folder.glob("*.mutants")) for m in parse(file.read_text(), file.name)]
    names = [m["name"] for m in mutants]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise Wrong(f"two mutants have the name {', '.join(sorted(twice))}")
    return mutants


def write(path, text):
    """Leaves a file alone that says the same already, so that nothing is compiled again for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def plant_all(mutants, sources, out):
    edits = {file: [] for file in sources}
    for number, mutant in enumerate(mutants):
        for edit in mutant["edits"]:
            if edit["file"] not in sources:
                raise Wrong(f"mutant {mutant['name']}: {edit['file']} is no source that is planted")
            span = edit.get("span") or locate(sources[edit["file"]], edit, mutant["name"])
            edits[edit["file"]].append({**edit, "span": span, "number": number, "who": mutant["name"]})
    for file, source in sources.items():
        write(out / file, plant(source, edits[file]))
    write(out / "harness/conformance/mutants/fault_names.inc", "".join(f'"{m["name"]}",\n' for m in mutants))
    write(out / "mutants.json", json.dumps(mutants, indent=1))


def complaint(text, source="int a = b + c;"):
    try:
        mutants = parse(text, "list")
        edits = [{**e, "span": locate(source, e, m["name"]), "number": i, "who": m["name"]}
                 for i, m in enumerate(mutants) for e in m["edits"]]
        return plant(source, edits)
    except Wrong as wrong:
        return str(wrong)


def self_test():
    def mutant(name, find, put):
        return f"mutant {name}\nkills server/x\nin f.cc\n- {find}\n+ {put}\n"

    checks = [
        (mutant("m", "b  +\tc", "b"), f"int a = ({PLANTED}(0) ? (b) : (b + c));"),
        (mutant("m", "b + c", "1") + mutant("n", "c", "2"),
         f"int a = ({PLANTED}(0) ? (1) : (b + ({PLANTED}(1) ? (2) : (c))));"),
        (mutant("m", "b", "1") + mutant("n", "b", "2"), f"int a = ({PLANTED}(0) ? (1) : {PLANTED}(1) ? (2) : (b)) + c;"),
        (mutant("m", "int a = b + c;", ";"), f"{{ if ({PLANTED}(0)) {{ ; }} else {{ int a = b + c; }} }}"),
        (mutant("m", "a = b", "x") + mutant("n", "b + c", "y"), "mutants m and n overlap: widen one of them"),
        (mutant("m", "d", "x"), "mutant m: its text stands 0 times in f.cc, not once: d"),
        (mutant("m", " ".join("b"), "x").replace("kills server/x\n", ""), "list: mutant m needs kills, in and a line with -"),
        (mutant("m-{n}", "b", "{n}").replace("kills", "each n 1 2\nkills"),
         f"int a = ({PLANTED}(0) ? (1) : {PLANTED}(1) ? (2) : (b)) + c;"),
        ("kills x\n", "list:1: 'kills' stands before the first mutant"),
    ]
    wrong = [(text, complaint(text), wanted) for text, wanted in checks if complaint(text) != wanted]
    for text, got, wanted in wrong:
        print(f"of\n{text}came\n  {got}\nand not\n  {wanted}")
    return 1 if wrong else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    lists = None
    if sys.argv[1] == "--lists":
        lists = pathlib.Path(sys.argv[2])
        del sys.argv[1:3]
    root, out, *files = sys.argv[1:]
    try:
        sources = {file: (pathlib.Path(root) / file).read_text() for file in files}
        mutants = read_lists(lists) if lists else read_lists(HERE) + blind.mutants(sources)
        plant_all(mutants, sources, pathlib.Path(out))
    except Wrong as wrong:
        print(f"plant.py: {wrong}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
