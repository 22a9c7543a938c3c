#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs every command in README.md's blocks marked ```sh run: each must exit with 0.

Usage: check_readme.py ROOT BUILD    BUILD stands in for build/, in a folder that goes again
"""
import pathlib
import re
import subprocess
import sys
import tempfile

root, build = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
blocks = re.findall(r"^```sh run\n(.*?)^```", (root / "README.md").read_text(), re.MULTILINE | re.DOTALL)
commands = [line for block in blocks for line in block.splitlines() if line]
failed = 0
with tempfile.TemporaryDirectory() as folder:
    for name, target in (("build", build), ("scenarios", root / "scenarios"), ("harness", root / "harness")):
        (pathlib.Path(folder) / name).symlink_to(target)
    for command in commands:
        print("$", command, flush=True)
        failed += subprocess.run(command, shell=True, cwd=folder).returncode != 0
print(f"{len(commands) - failed} of {len(commands)} commands of README.md did what it says")
sys.exit(1 if failed or not commands else 0)
