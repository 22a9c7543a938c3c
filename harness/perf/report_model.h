// SPDX-License-Identifier: BSD-3-Clause
// What a report is made of: plain facts that the running test fills in, without a word of how they
// are printed. Times are seconds since the test started (after the omitted part: since it ended).
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "harness/perf/options.h"
#include "harness/wire/params.h"

namespace rolecall::perf {

// The control connection, once the parameters are exchanged.
struct ControlFacts {
  std::string host;  // client: as the user wrote it; server: the peer's address, numeric
  std::uint16_t port = 0;
  std::string cookie;   // the 36 characters
  int mss_bytes = 0;    // -M; 0: not given
  int control_mss = 0;  // of the control connection; iperf3's server says 0
  std::uint64_t target_bitrate_bps = 0;
  bool reverse = false;
  wire::Protocol protocol = wire::Protocol::Tcp;
  std::uint64_t fq_rate_bps = 0;
};

// Socket buffers of a stream connection (server: of the listener).
struct BufferFacts {
  int requested_bytes = 0;  // -w; 0: not given
  int send_bytes = 0;       // as read back
  int receive_bytes = 0;    // as read back
};

// One stream connection. Its place in the order of stream_connected() calls is its index
// everywhere.
struct StreamFacts {
  int socket = -1;  // the descriptor's number, which iperf3 prints as ID
  std::string local_host;
  std::uint16_t local_port = 0;
  std::string remote_host;
  std::uint16_t remote_port = 0;
  bool sends = false;         // the local end does
  std::optional<int> number;  // place in client order, from 1, where it is known for sure
};

// Server: what it rests on which end sends on each stream, and which stream is which.
struct BindingFacts {
  std::string roles;     // session::name(RolesBy)
  std::string identity;  // session::name(IdentityBy)
};

struct TestFacts {
  int streams = 1;  // of each direction
  int block_bytes = 0;
  int omit_s = 0;
  int duration_s = 0;
  std::uint64_t bytes = 0;
  std::uint64_t blocks = 0;
  bool reverse = false;
  bool bidir = false;
  wire::Protocol protocol = wire::Protocol::Tcp;
  bool is_udp() const { return protocol == wire::Protocol::Udp; }
  std::uint64_t target_bitrate_bps = 0;
  double interval_s = 1;
  std::string role_flag = "none";  // what was agreed: none, level 1, level 2, cookie, force
  int tos = 0;
  std::uint64_t fq_rate_bps = 0;
  bool batched = true;  // several blocks in one call to the kernel, at this end
  bool gso = false;
  bool gro = false;
  bool output_wanted = false;  // the client asked for the server's output
  std::string title;           // the client's -T, at both ends
  std::string extra_data;      // the client's, for JSON at both ends
};

// TCP_INFO of a sending socket at the end of an interval.
struct TcpSample {
  std::int64_t retransmits = 0;  // within the interval
  std::uint32_t snd_cwnd_bytes = 0;
  std::uint32_t snd_wnd_bytes = 0;
  std::uint32_t rtt_us = 0;
  std::uint32_t rttvar_us = 0;
  std::uint32_t pmtu_bytes = 0;
  std::uint32_t reorder = 0;
};

// Of one UDP stream, or of several: then the mean of their jitter.
struct DatagramFigures {
  std::uint64_t packets = 0;  // sent; received: by the numbers that came, with what is lost
  std::int64_t lost = 0;      // below 0 in an interval where more came late than were missing
  std::uint64_t out_of_order = 0;
  double jitter_s = 0;

  double lost_percent() const {
    return packets == 0 ? 0 : 100.0 * static_cast<double>(lost) / static_cast<double>(packets);
  }
};

struct StreamInterval {
  double start_s = 0;
  double end_s = 0;
  std::uint64_t bytes = 0;
  std::optional<TcpSample> tcp;  // only where the local end sends
  std::optional<DatagramFigures> udp{};
};

// One interval of all streams, in index order.
struct Interval {
  std::vector<StreamInterval> streams;
  bool omitted = false;
  // The header gets the columns Retr and Cwnd. iperf3: the local end sends and has TCP_INFO, or the
  // peer's results are here and say that it had.
  bool sender_has_retransmits = false;
};

// What one end counted on one stream.
struct SideFigures {
  double seconds = 0;
  std::uint64_t bytes = 0;
};

// Kept by the sender of a stream over the whole test, without the omitted part.
struct SenderTcp {
  std::int64_t retransmits = 0;
  std::uint32_t reorder = 0;
  std::uint32_t max_snd_cwnd_bytes = 0;
  std::uint32_t max_snd_wnd_bytes = 0;
  std::uint32_t max_rtt_us = 0;
  std::uint32_t min_rtt_us = 0;
  std::uint32_t mean_rtt_us = 0;
};

// Both ends' word on one UDP stream.
struct DatagramSummary {
  std::uint64_t sent = 0;  // 0: not told
  DatagramFigures received;
};

// -F of the local end.
struct FileFacts {
  std::string name;
  std::uint64_t size = 0;  // bytes, by now

  // How much of it these bytes are; of nothing all. They may be the peer's word.
  int percent(std::uint64_t bytes) const {
    if (size == 0) return 100;
    constexpr double kMost = std::numeric_limits<int>::max();
    return static_cast<int>(
        std::min(100 * static_cast<double>(bytes) / static_cast<double>(size), kMost));
  }
};

// One stream over the whole test. What the peer has not told is zero; a server's report is made
// before the results are exchanged, so there it is zero always and the text leaves it out.
struct StreamSummary {
  SideFigures sender;
  SideFigures receiver;
  std::optional<SenderTcp> sender_tcp;  // the sender's own or the peer's word; none: not known
  std::optional<DatagramSummary> udp{};
  std::optional<FileFacts> file{};
};

// Per cent of one core between start and end of the test.
struct CpuUse {
  double total = 0;
  double user = 0;
  double system = 0;
};

struct Summary {
  std::vector<StreamSummary> streams;  // in index order; may be fewer than connected on failure
  double local_seconds = 0;            // how long the test ran here
  CpuUse local_cpu;
  CpuUse remote_cpu;
  std::string local_congestion;   // empty: not known
  std::string remote_congestion;  // empty: not known
};

// What a server printed, on its way to its client (--get-server-output).
struct ServerOutput {
  bool is_json = false;
  std::string text;  // where is_json: one JSON document
};

enum class FailureKind {
  Error,        // "roleperf: error - TEXT"
  Interrupt,    // "roleperf: interrupt - TEXT": a signal ended it
  ServerError,  // as Error, behind a line "roleperf: SERVER ERROR - TEXT": the server said so
  PeerLeft,     // "roleperf: TEXT": the client has terminated
  Fatal,        // as Error, and a line "roleperf: exiting": a server that cannot go on
};

struct Failure {
  FailureKind kind = FailureKind::Error;
  std::string text;  // one line, without the system's name and without a line end
};

}  // namespace rolecall::perf
