#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Usage: ci/conform.sh ROLECALL server|client PROFILE [--record]
#        ci/conform.sh ROLECALL server|client roleperf OPTION...
#        ci/conform.sh --times N [ROLECALL]
# Runs the conformance suite against a program that `ROLECALL peers` finds: the one that PROFILE was
# recorded of, which fails where an outcome differs; or roleperf with these options, which fails
# where a MUST or a SHOULD is not kept (its own profile breaks nothing, as a test holds). A release that is not
# here skips: exit status 77.
# --times: each release and roleperf at both ends, N times one after the other, each run compared with what is
# recorded. Prints a row for each and every difference; the exit status is 1 for a difference and for a
# release that is not here. Five times take a quarter of an hour on 2 cores. ROLECALL is build/bin/rolecall by default.
set -eu

run_many() {  # times rolecall
  case $1 in '' | *[!0-9]* | 0) echo "conform: --times needs a number from 1 up, not '$1'" >&2 && exit 2 ;; esac
  seen=$(mktemp)
  trap 'rm -f "$seen"' EXIT
  failed=0
  printf '%-12s %-7s %s\n' program end "runs as recorded"
  for what in iperf3-3.9 iperf3-3.12 iperf3-3.18 iperf3-3.22 'roleperf --role-flag=auto'; do
    for side in server client; do
      same=0
      for run in $(seq "$1"); do
        # shellcheck disable=SC2086 # the option of roleperf is a word of its own
        if "$0" "$2" "$side" $what >"$seen.run" 2>&1; then
          same=$((same + 1))
        else
          sed "s/^/${what%% *} $side, run $run: /" "$seen.run" >>"$seen"
        fi
      done
      rm -f "$seen.run"
      [ "$same" = "$1" ] || failed=1
      printf '%-12s %-7s %s of %s\n' "${what%% *}" "$side" "$same" "$1"
    done
  done
  cat "$seen"
  return $failed
}

if [ "${1-}" = --times ]; then
  run_many "${2-}" "${3-$(dirname "$0")/../build/bin/rolecall}"
  exit
fi
rolecall=$1 side=$2 what=$3
shift 3
profiles=$(dirname "$0")/../harness/conformance/profiles

path_of() {  # the program whose name and release are $1
  "$rolecall" peers --json | python3 -c '
import json, sys
for peer in json.load(sys.stdin):
    if sys.argv[1] in (peer.get("program", "") + " " + peer.get("version", ""), peer["name"]):
        print(peer.get("path", ""))
        break' "$1"
}

if [ "$what" = roleperf ]; then
  program=$(path_of flagged)
  # The cases of the role flag are about mode auto, of which there is a profile.
  suite_options="--strict --without role-flag"
  [ "$*" = --role-flag=auto ] && suite_options="--profile $profiles/roleperf.json"
  # Its sanitizers take their time on a busy machine; no step that is right waits for the limit.
  suite_options="$suite_options --timeout 60"
else
  subject=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["subject"])' "$profiles/$what.json")
  program=$(path_of "$subject")
  [ -n "$program" ] || { echo "conform: no $subject here; run ci/peers.sh"; exit 77; }
  suite_options="--profile $profiles/$what.json --without role-flag"
  [ "${1-}" = --record ] && shift && suite_options="--record $profiles/$what.json --without role-flag"
  case $what in  # what came with 3.10, with 3.17 and with 3.20
    iperf3-3.9) lacks="rcv-timeout idle-timeout json-stream duration-limit" ;;
    iperf3-3.12) lacks="json-stream duration-limit" ;;
    iperf3-3.18) lacks="duration-limit" ;;
    *) lacks="" ;;
  esac
  for tag in $lacks; do suite_options="$suite_options --without $tag"; done
fi
if [ "$side" = server ]; then
  set -- "$program" -s -p '{port}' "$@" '{options}'
else
  set -- "$program" -c '{host}' -p '{port}' "$@" '{options}'
fi
# shellcheck disable=SC2086 # options, not file names
exec "$rolecall" conform "$side" $suite_options -- "$@"
