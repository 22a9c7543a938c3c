#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Usage: ci/check_format.sh     Fails, naming the lines, where a source is not as clang-format 14 writes it.
set -eu
cd "$(dirname "$0")/.."
find harness shim fuzz -name '*.h' -o -name '*.cc' -o -name '*.c' 2>/dev/null |
  xargs clang-format --dry-run -Werror
