#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Usage: ci/peers.sh [--again]
# Fetches the iperf3 of other Debian suites, for tests between releases, with apt from the mirror
# that this machine is configured for, and unpacks each with its libraries into build-peers/iperf3-*
# beside the build folder; nothing goes into the system. Interpreter and library path are set so that
# each program runs here, also under a preload library. What is there already is kept; --again
# fetches anew. What cannot be had is said and left out; so is, at the end, each release that
# scenarios name and that no suite has any more. Exits 1 only if nothing could be had, and 2 for
# usage or missing tools. `rolecall peers` lists what was found.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
peers=$root/build-peers
suites="bullseye trixie sid"
named="3.9 3.18 3.22"  # by scenarios

again=
case "${1-}" in
  "") ;;
  --again) again=yes ;;
  *) echo "peers: unknown option $1; only --again is known" >&2 && exit 2 ;;
esac
"$root/ci/setup.sh" build peers

# The archive that bookworm itself comes from: the configured mirror carries the other suites too.
mirror=$(apt-get indextargets --format '$(ORIGIN) $(CODENAME) $(COMPONENT) $(REPO_URI)' \
  'Created-By: Packages' | sed -n 's/^Debian [a-z]* main //p' | sed -n '/security/!p' | head -n 1)
[ -n "$mirror" ] || {
  echo "peers: apt has no index of a Debian mirror; run apt-get update first" >&2
  exit 2
}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# apt with all its state in $work/$suite, so that the system's own is neither read nor changed.
private_apt() {
  apt-get -q -o Dir::State="$work/$suite" -o Dir::State::status="$work/$suite/status" \
    -o Dir::Cache="$work/$suite/cache" -o Dir::Etc::SourceList="$work/$suite/sources.list" \
    -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::Preferences=/dev/null \
    -o Dir::Etc::PreferencesParts=/dev/null -o APT::Sandbox::User="$(id -un)" \
    -o Acquire::Languages=none -o Debug::NoLocking=true "$@"
}

# $work/$suite/tree: iperf3 and everything that it depends on.
fetch() {
  mkdir -p "$work/$suite/lists/partial" "$work/$suite/cache/archives/partial" "$work/$suite/tree"
  : >"$work/$suite/status"
  echo "deb [signed-by=$keyring] $mirror $suite main" >"$work/$suite/sources.list"
  private_apt update && private_apt -y --no-install-recommends --download-only install iperf3 &&
    for package in "$work/$suite/cache/archives"/*.deb; do
      dpkg-deb -x "$package" "$work/$suite/tree" || return 1
    done
}

# This machine's libc serves older programs and is what preload libraries are linked to; a newer
# program brings its own. ld.so's name is the architecture's.
newer_libc() {
  ours=$(dpkg-query -W -f '${Version}' libc6)
  theirs=$(dpkg-deb -f "$work/$suite"/cache/archives/libc6_*.deb Version)
  dpkg --compare-versions "$theirs" gt "$ours"
}

# Copies the program and what it loads into $made, and makes it find that.
assemble() {
  tree=$work/$suite/tree
  made=$work/$suite/made
  mkdir -p "$made/bin" "$made/lib"
  cp "$tree/usr/bin/iperf3" "$made/bin/iperf3"
  for pattern in libiperf libsctp libssl libcrypto libz libzstd; do
    find "$tree" -name "$pattern.so*" -exec cp -P {} "$made/lib/" \;
  done
  set -- --force-rpath --set-rpath "$peers/NAME/lib"
  if newer_libc; then
    loader=$(basename "$(patchelf --print-interpreter "$tree/usr/bin/iperf3")")
    for pattern in "$loader" libc.so.6 libm.so.6 libpthread.so.0 libdl.so.2 libgcc_s.so.1; do
      find -L "$tree" -name "$pattern" -exec cp {} "$made/lib/" \;
    done
    set -- --set-interpreter "$peers/NAME/lib/$loader" "$@"
  fi
  # The folder is named after the release, which the program tells once it runs.
  finish staging "$@" || return 1
  release=$("$peers/staging/bin/iperf3" -v | sed -n '1s/^iperf \([^ ]*\).*/\1/p')
  rm -rf "$peers/staging"
  [ -n "$release" ] || return 1
  finish "iperf3-$release" "$@"
}

# $made goes to $peers/$1, patched with the other arguments, in which NAME stands for $1.
finish() {
  name=$1
  shift
  rm -rf "${peers:?}/$name"
  cp -a "$made" "$peers/$name"
  for word; do
    shift
    set -- "$@" "$(echo "$word" | sed "s|/NAME/|/$name/|")"
  done
  patchelf "$@" "$peers/$name/bin/iperf3" && "$peers/$name/bin/iperf3" -v >/dev/null
}

# Whether the iperf3 of suite $1 is here and runs.
is_here() {
  kept=$(sed -n "s/^$1  *\([^ ]*\) .*/\1/p" "$peers/VERSIONS")
  [ -n "$kept" ] && "$peers/$kept/bin/iperf3" -v >/dev/null 2>&1
}

forget() {
  sed -i "/^$1 /d" "$peers/VERSIONS"
}

if ! mkdir -p "$peers" || ! [ -w "$peers" ]; then
  echo "peers: $peers cannot be written by $(id -un): run this as its owner, or remove it" >&2
  exit 2
fi
touch "$peers/VERSIONS"
for suite in $suites; do
  if [ -z "$again" ] && is_here "$suite"; then continue; fi
  mkdir -p "$work/$suite"
  if fetch >"$work/log" 2>&1 && assemble >>"$work/log" 2>&1; then
    package=$(dpkg-deb -f "$work/$suite"/cache/archives/iperf3_*.deb Version)
    forget "$suite"
    printf '%-9s %-14s %s\n' "$suite" "iperf3-$release" "$package" >>"$peers/VERSIONS"
  else
    if is_here "$suite"; then
      echo "peers: the iperf3 of $suite could not be fetched anew; the one fetched before stays:" >&2
    else
      forget "$suite"
      echo "peers: the iperf3 of $suite is left out:" >&2
    fi
    sed -n '/^[EW]:/p' "$work/log" >&2
    tail -n 3 "$work/log" >&2
  fi
done
cat "$peers/VERSIONS"
for release in $named; do
  "$peers/iperf3-$release/bin/iperf3" -v >/dev/null 2>&1 ||
    echo "peers: no iperf3 $release here: scenarios that name it are skipped" >&2
done
[ -s "$peers/VERSIONS" ]
