#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Usage: ci/reproduce.sh [options of `rolecall reproduce`]
# On a fresh Debian 12 machine: installs what is missing, builds release, runs `rolecall reproduce`.
# Run again, it starts at once. Only rolecall writes to stdout, so --json can be piped. Exits as
# rolecall does (0 all as expected, 1 something was not, 2 usage or environment); 2 if it cannot build.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)

cannot_build() {
  echo "reproduce: $1; the messages above say why" >&2
  exit 2
}

"$root/ci/setup.sh" build
if [ ! -e "$root/build/build.ninja" ]; then
  (cd "$root" && cmake --preset release) >&2 || cannot_build "cmake could not configure build/"
fi
if ! ninja -C "$root/build" -n | grep -q "no work to do"; then
  ninja -C "$root/build" >&2 || cannot_build "the build failed"
fi
exec "$root/build/bin/rolecall" reproduce "$@"
