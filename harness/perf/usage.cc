// SPDX-License-Identifier: BSD-3-Clause
// The texts of -h and -v. ROLEPERF_VERSION comes from the project's version in CMakeLists.txt.
#include "harness/perf/usage.h"

#include <sys/utsname.h>

#include <fmt/format.h>

namespace rolecall::perf {
namespace {

constexpr std::string_view kShortUsage =
    "Usage: roleperf [-s|-c host] [options]\n"
    "Try `roleperf --help' for more information.\n";

constexpr std::string_view kLongUsage = R"(Usage: roleperf [-s|-c host] [options]
       roleperf [-h|--help] [-v|--version]

Server or client:
  -p, --port #              port of the server (default 5201)
  -f, --format [kmgtKMGT]   unit of bit rates: kilo to tera, small letters bits, capitals bytes
  -i, --interval #          seconds between reports, 0.1 to 60, or 0 for none (default 1)
  -I, --pidfile FILE        write the process number to FILE
  -F, --file NAME           send what is in this file, or write into it what is received
  -A, --affinity N[,M]      run on core N (client: let the server run on core M)
  -B, --bind HOST[%DEV]     bind to this address (and to the network device DEV)
  --bind-dev DEV            send and receive through the network device DEV only
  -V, --verbose             say more
  -J, --json                report as one JSON document
  --json-stream             report as JSON, one event a line, while the test runs
  --json-stream-full-output after the events of --json-stream print the whole document too
  --logfile FILE            append all output to FILE
  --forceflush              flush the output after every interval
  --timestamps[=FORMAT]     begin every line with the time, as strftime(3) formats it
  --rcv-timeout #           give up when nothing is received for # ms (default 120000)
  --snd-timeout #           give up when sent data is not acknowledged for # ms
  --cntl-ka[=#/#/#]         let the kernel probe the control connection when it is idle: after how
                            many seconds, then every how many, how often (default: the system's)
  --cport PORT              local port of the first stream connection, counting up
  --unbatched               send and receive one block (-l) in each call to the kernel, as iperf3
                            does; without it several go in one call, and -l is what is counted
  -X, --xbind HOST          with SCTP, an address of this end; may be given several times
  -m, --mptcp               stream connections are of Multipath TCP (a server: in every TCP test)
  --use-pkcs1-padding       encrypt users and passwords as iperf3 up to 3.16 does, not with OAEP
  -4, --version4            IPv4 only
  -6, --version6            IPv6 only
  -d, --debug[=#]           tell what goes on inside, levels 1 to 4 (default 4)
  -v, --version             print the version and leave
  -h, --help                print this and leave
  --role-flag MODE          how the roles of stream connections are told:
                            auto     by the role flag where the peer speaks it (default)
                            cookie   in the bytes of the cookie that legacy peers do not read
                            off      not at all: be a legacy peer
                            require  by the role flag, refusing a peer that lacks it
                            force    by one byte, sent without asking
  --role-flag-level #       highest level of the role flag to speak, 1 or 2 (default 2)
Server:
  -s, --server              be the server
  -D, --daemon              go to the background
  -1, --one-off             serve one test, then leave
  --idle-timeout #          listen anew (with -1: leave) after # seconds without a client
  --server-bitrate-limit #[KMGT][/#]  end tests of more bits per second, all streams together (on the
                            average of this many seconds, default 5)
  --server-max-duration #   refuse tests of more than # seconds
  --rsa-private-key-path FILE  serve those only who prove that they are a user: PEM key of the server
  --authorized-users-path FILE and the users, one a line: NAME,SHA256 of {NAME}PASSWORD
  --time-skew-threshold #   seconds that the clocks of both ends may differ then (default 10)
  --bind-roles MODE         who sends on a stream of a client without the role flag:
                            late    the end whose data arrives; figures are told apart by the
                                    client's results (default)
                            accept  by accept order, as iperf3 does (default with
                                    --role-flag=off)
Client:
  -c, --client HOST[%DEV]   be the client of the server on HOST (through the network device DEV)
  --connect-timeout #       give up connecting after # ms
  -u, --udp                 send datagrams
  --sctp                    send the messages of SCTP
  --nstreams #              with --sctp, streams of an association (default: the system's)
  --udp-counters-64bit      number them with 64 bits
  -b, --bitrate #[KMGT][/#] bits per second of each stream, 0 for no limit (default 0, with -u 1M)
                            (and how many blocks to send in a burst)
  -t, --time #              seconds to run, 0 for no end (default 10)
  -n, --bytes #[KMGT]       end after this many bytes (instead of -t)
  -k, --blockcount #[KMGT]  end after this many blocks (instead of -t)
  -l, --length #[KMGT]      bytes of one block (default 128K, with -u what fits into one packet,
                            with --sctp 64K)
  -P, --parallel #          streams of each direction (default 1), above 128 only
                            with the role flag at level 2
  -R, --reverse             the server sends, the client receives
  --bidir                   both ends send and receive
  -w, --window #[KMGT]      size of the socket buffers
  -C, --congestion NAME     TCP congestion control algorithm
  -M, --set-mss #           TCP maximum segment size
  -N, --no-delay            send small segments at once (TCP_NODELAY)
  -O, --omit #              leave the first # seconds out of the figures
  -T, --title TEXT          begin every line with TEXT
  -S, --tos #               IP type of service, 0 to 255; 0x for hex, a leading 0 for octal
  --dscp NAME|#             the same by its name (af11, ef, ...) or as 0 to 63
  -L, --flowlabel #         IPv6 flow label of what the client sends, 1 to 0xfffff
  --dont-fragment           over IPv4, send datagrams whole or not at all
  --fq-rate #[KMGT]         bits per second of each stream, kept by the kernel
  --no-fq-socket-pacing     the same as --fq-rate 0
  --pacing-timer #[KMGT]    microseconds between the looks of a server up to 3.17 at -b
  -Z, --zerocopy            send without copying the payload (sendfile(2))
  --skip-rx-copy            receive without copying the payload (MSG_TRUNC)
  --gsro                    with -u, let the kernel cut and merge datagrams, at both ends
  --repeating-payload       send digits in place of random bytes
  --extra-data TEXT         put TEXT into the JSON of both ends
  --get-server-output       print the server's report too
  --username NAME           prove to be this user; the password comes from IPERF3_PASSWORD, or is
                            asked for
  --rsa-public-key-path FILE PEM key of the server, to encrypt the password with
  --stream-connect MODE     how stream connections are opened:
                            auto        whatever is safe and fastest with this server (default)
                            parallel    all at once
                            ordered     one after the other, each known to the server first
                            sequential  one after the other (default with --role-flag=off)

[KMGT] stands for a suffix: kilo, mega, giga, tera.
)";

// iperf3's words where it has the same. What a kernel lacks (SCTP, MPTCP, GSO) is said when a test
// asks for it.
constexpr std::string_view kFeatures =
    "CPU affinity setting, IPv6 flow label, SCTP, TCP congestion algorithm setting, sendfile / "
    "zerocopy, socket pacing, authentication, bind to device, support IPv4 don't fragment, POSIX "
    "threads, GSO/GRO support, MPTCP, role flag level 2";

}  // namespace

std::string program_version() {
  return "roleperf " ROLEPERF_VERSION;
}

std::string system_info() {
  utsname system{};
  if (uname(&system) != 0) return "unknown system";
  return fmt::format("{} {} {} {} {}", system.sysname, system.nodename, system.release,
                     system.version, system.machine);
}

std::string version_text() {
  return fmt::format("{}\n{}\nOptional features available: {}\n", program_version(), system_info(),
                     kFeatures);
}

std::string_view short_usage() {
  return kShortUsage;
}

std::string_view long_usage() {
  return kLongUsage;
}

}  // namespace rolecall::perf
