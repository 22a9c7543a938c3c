#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Usage: ci/setup.sh SET...    SET: build, test (ci/packages.txt)
# Installs the packages of these sets that are missing: as root or through sudo. Says nothing when
# there is nothing to do; exits 2 and names the packages when it cannot install them.
set -eu
here=$(dirname "$0")

give_up() {
  echo "setup: $1" >&2
  echo "setup: on Debian 12, as root:  apt-get update && apt-get install --no-install-recommends" $missing >&2
  exit 2
}

wanted=$(for set in "$@"; do sed -n "s/^$set //p" "$here/packages.txt"; done)
missing=$wanted
command -v dpkg-query >/dev/null || give_up "no dpkg here, so it cannot be seen what is installed"
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null | sed -n 's/^installed //p')
missing=$(for package in $wanted; do
  echo "$installed" | grep -qxF "$package" || echo "$package"
done)
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
  as_root=
elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
  as_root=sudo
else
  give_up "packages are missing, and this is neither root nor a user of sudo"
fi

echo "setup: installing" $missing >&2
install() {
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -y -q "$@" >&2
}
install update && install install --no-install-recommends $missing ||
  give_up "apt-get could not install what is missing"
