// SPDX-License-Identifier: BSD-3-Clause
// The command line of roleperf as plain data. It rests on iperf_api.c iperf_parse_arguments(), 3.12
// to 3.22: the same words, the same number families, the same checks in the same order.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "harness/session/flag.h"
#include "harness/session/transitions.h"

namespace rolecall::perf {

class Authorization;
class Credentials;

using session::End;
enum class AddressFamily { Any, V4, V6 };
using BindRoles = session::BindRoles;
enum class StreamConnect { Auto, Parallel, Ordered, Sequential };

// --cntl-ka. 0: the system's.
struct KeepAlive {
  int idle_s = 0;
  int interval_s = 0;
  int probes = 0;
};

// All of it checked and defaulted: nothing in here needs a second look at argv.
struct Options {
  End end = End::Client;

  // Either end.
  std::uint16_t port = 5201;
  char format = 'a';      // of bit rates: one of kmgtKMGT, or 'a' for adaptive bits
  double interval_s = 1;  // 0: no report while the test runs
  bool verbose = false;
  bool json = false;              // -J, also set by --json-stream
  bool json_stream = false;       // one event a line
  bool json_stream_full = false;  // and the document behind them
  bool force_flush = false;
  int debug_level = 0;                          // 0: off, 1 to 4 (-d alone: 4)
  std::string pid_file;                         // empty: none
  std::string log_file;                         // empty: stdout
  std::optional<std::string> timestamp_format;  // strftime's
  std::optional<int> affinity;                  // core number, 0 to 1024
  std::string bind_address;                     // empty: any. Link-local IPv6 keeps its %scope
  std::string bind_device;                      // empty: none
  std::vector<std::string> more_addresses;      // SCTP: -X, this end's
  AddressFamily family = AddressFamily::Any;
  std::uint16_t client_port = 0;  // --cport: stream n binds client_port + n - 1. 0: any
  int receive_timeout_ms = 120000;
  int send_timeout_ms = 0;  // TCP_USER_TIMEOUT. 0: the system's
  std::string file;         // -F: sent by the end that sends, written by the other; empty: none
  std::optional<KeepAlive> control_keep_alive;  // of the control connection
  bool mptcp = false;  // stream connections; a server: of every TCP test, asked for or not
  session::FlagMode role_flag = session::FlagMode::Auto;
  int role_flag_level = 2;     // highest level spoken, 1 or 2
  bool unbatched = false;      // one block a call to the kernel, as iperf3 does
  bool pkcs1_padding = false;  // of authentication tokens; else OAEP

  // Server.
  bool daemon = false;
  bool one_off = false;
  int idle_timeout_s = 0;                  // 0: none
  int most_duration_s = 0;                 // of a test. 0: no limit
  std::uint64_t most_bitrate_bps = 0;      // of a test, both directions. 0: no limit
  double bitrate_limit_s = 5;              // time of the average that is compared
  BindRoles bind_roles = BindRoles::Late;  // Accept where role_flag is Off

  std::string private_key_path;  // empty: every client is served
  std::string users_path;
  int time_skew_s = 10;                                // between the clocks, of a token
  std::shared_ptr<const Authorization> authorization;  // null: none

  // Client.
  std::string host;               // link-local IPv6 keeps its %scope
  int connect_timeout_ms = 0;     // of the control connection (0: the system's), and of each step
                                  // of opening streams (0: 120 s)
  std::uint64_t bitrate_bps = 0;  // of each stream. 0: unlimited
  int burst_blocks = 0;           // 0: none
  int duration_s = 10;            // 0: no end by time (also with a goal in bytes or blocks)
  std::uint64_t bytes = 0;        // goal, 0: none
  std::uint64_t blocks = 0;       // goal, 0: none
  int block_bytes = 128 * 1024;   // 0: UDP, as much as fits into one packet to the server
  bool udp = false;
  bool sctp = false;
  int outgoing_streams = 0;   // SCTP, of an association. 0: the system's
  bool wide_counter = false;  // of datagrams, 64 bits
  int streams = 1;            // of each direction; above 128 only where level 2 may be spoken
  bool reverse = false;
  bool bidir = false;
  int window_bytes = 0;  // 0: autotuning
  int mss_bytes = 0;     // 0: the system's
  bool no_delay = false;
  std::string congestion;                // empty: the system's
  int tos = 0;                           // -S, or --dscp times 4
  int flow_label = 0;                    // IPv6; 0: none
  std::uint64_t fq_rate_bps = 0;         // the kernel's own pacing of each stream. 0: none
  std::uint64_t pacing_timer_us = 1000;  // for servers up to 3.17
  bool repeating_payload = false;
  bool zerocopy = false;
  bool skip_rx_copy = false;
  bool gsro = false;  // UDP: segmentation and merging by the kernel, at both ends
  bool dont_fragment = false;
  std::string extra_data;  // empty: none
  int omit_s = 0;
  std::string title;                   // empty: none
  std::optional<int> server_affinity;  // -A n,m: core number for the server
  bool get_server_output = false;
  std::string username;  // empty: none
  std::string public_key_path;
  std::shared_ptr<const Credentials> credentials;      // null: none
  StreamConnect stream_connect = StreamConnect::Auto;  // Sequential where role_flag is Off

  // To be printed by Report::warning() once there is a report.
  std::vector<std::string> warnings;
};

// roleperf ends before it starts: help, version, or a parameter error.
struct EarlyExit {
  int status = 0;
  std::string out;  // for stdout
  std::string err;  // for stderr
};

// Reads argv as getopt_long(3) does (and reorders it so). Takes argc and argv of main(), or a copy
// that ends with a null pointer. For an unknown option or a missing argument the C library has
// already written its own line to stderr when this returns. Main thread only: getopt keeps globals.
std::variant<Options, EarlyExit> parse_options(int argc, char** argv);

}  // namespace rolecall::perf
