#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Usage: ci/interposed.sh BINARY
# Whether the preload library can see every connection that BINARY opens or accepts: its dynamic
# symbols, and those of the libraries that come with it, against shim/calls.def and the list below.
# Exits 0 if it can, 1 with each way round it named, 2 if BINARY cannot be read.
set -eu
export LC_ALL=C
root=$(cd "$(dirname "$0")/.." && pwd)

# Symbols that take part in making connections or waiting for them, and need no wrapper, with the reason.
ignored='
socket bind shutdown close          # make or end a socket; no connection gets its number there
getsockname getpeername getsockopt  # only look
select __fdelt_chk poll ppoll pselect __poll_chk __ppoll_chk   # the readiness is kept truthful
epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait    # the same
splice vmsplice                     # data of a test that runs; no cookie goes out by them
recv recvfrom recvmsg recvmmsg __recv_chk __recvfrom_chk       # only take what came (__*_chk: fortified)
daemon                              # forks inside libc: noticed by the process id at the next accept
sctp_bindx sctp_connectx            # SCTP is no TCP
vfork posix_spawn posix_spawnp      # exec closes what is held, it is close-on-exec
getaddrinfo socketpair              # other connections, not to the test port
'
# Ways round the library: a program that has one may make connections that it never sees.
round='syscall clone clone3 io_uring_setup io_uring_queue_init io_uring_queue_init_params'
# The calls about sockets, waiting and processes that are judged at all.
judged='accept|accept4|connect|fork|vfork|_Fork|daemon|posix_spawnp?|socket|socketpair|bind|listen|shutdown|close'
judged="$judged|getsockname|getpeername|getsockopt|setsockopt|select|pselect|__fdelt_chk|p?poll|__p?poll_chk"
judged="$judged|epoll_[a-z0-9_]*|send|sendto|sendm?msg|sendfile(64)?|writev?|(vm)?splice|recv|recvfrom|recvm?msg|__recv(from)?_chk"
judged="$judged|sctp_[a-z]*|getaddrinfo|syscall|clone3?|io_uring_[a-z_]*"

cannot_read() {
  echo "interposed: $1" >&2
  exit 2
}

[ $# = 1 ] || cannot_read "usage: ci/interposed.sh BINARY"
[ -r "$1" ] || cannot_read "$1 cannot be read"
headers=$(readelf --program-headers --wide "$1" 2>/dev/null) || cannot_read "$1 is no ELF file (a script? name the program that it starts)"
if ! echo "$headers" | grep -q INTERP; then
  echo "interposed: $1 is static: no library can be preloaded into it" >&2
  exit 1
fi

# The program's own libraries do its socket calls (libiperf.so); those of the system do their own.
own=$(ldd "$1" 2>/dev/null | sed -n 's|.*=> \([^ ]*/[^ /]*iperf[^ /]*\) .*|\1|p')
wrapped=$(sed -n 's/^CALL([^,]*, \([a-z0-9_]*\),.*/\1/p' "$root/shim/calls.def")
known=$(echo "$ignored" | sed 's/#.*//')
[ -n "$wrapped" ] || cannot_read "shim/calls.def lists no call"

status=0
for file in "$1" $own; do
  used=$(nm --dynamic --undefined-only --format=just-symbols "$file" | sed 's/@.*//' |
    grep -xE "$judged" | sort -u || true)
  for symbol in $used; do
    for allowed in $wrapped $known; do
      [ "$symbol" != "$allowed" ] || continue 2
    done
    status=1
    case " $round " in
      *" $symbol "*) reason="a way round the library" ;;
      *) reason="neither wrapped (shim/calls.def) nor on the list of this script" ;;
    esac
    echo "interposed: $file uses $symbol: $reason" >&2
  done
done
exit $status
