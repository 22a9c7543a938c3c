// SPDX-License-Identifier: BSD-3-Clause
// For tests only: a real server and a real client with a link between them; what both printed, what
// the link saw, and what the kernels of the two ends counted. An end is named by the direction that
// leads to it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json_fwd.hpp>

#include "harness/base/files.h"
#include "harness/link/link.h"
#include "harness/link/two_ends.h"
#include "harness/net/process.h"
#include "harness/net/sock_diag.h"
#include "harness/perf/patience.h"
#include "harness/perf/program_pair.h"

namespace rolecall::scenario {

inline constexpr link::Direction kToServer = link::Direction::ToServer;
inline constexpr link::Direction kToClient = link::Direction::ToClient;
using perf::comes_true;

inline constexpr char kNoSuchIperf3[] = "no such iperf3 here: ci/peers.sh fetches it";

// The kernel's account of UDP in one namespace, /proc/net/snmp.
struct UdpCounters {
  std::int64_t taken = 0;    // InDatagrams: by programs
  std::int64_t overrun = 0;  // RcvbufErrors: they found a receive buffer full
  std::int64_t sent = 0;     // OutDatagrams
};

UdpCounters udp_counters(const NetworkNamespace& inside);

// Whether all threads of the program are in this state: 'S' waits, 'T' was stopped.
bool all_threads_are(char state, pid_t pid);

// The TCP sockets of a namespace, which tell their last figures as they die.
class Obituaries {
 public:
  explicit Obituaries(const NetworkNamespace& inside);
  // Of the one that has `port`, besides the server's, at one end; waits for its death.
  TcpInfo of(std::uint16_t port);

 private:
  DestroyMonitor monitor_;
  std::vector<TcpSocket> dead_;
};

// One thread. No wait is longer than kPatience.
class LinkedPair {
 public:
  // Runs "server -s -1 -J" and, once that listens, "client -c SERVER -J" with these further words;
  // the programs as perf::program_of() names them.
  LinkedPair(const perf::Ends& ends, const std::string& line, std::vector<Rule> rules = {});

  Child& end(link::Direction leads_to) { return leads_to == kToServer ? server_ : client_; }
  const NetworkNamespace& place(link::Direction leads_to) const {
    return leads_to == kToServer ? link_.server_namespace() : link_.client_namespace();
  }

  // Waits until both have ended, which must be well, and takes the link down.
  link::LinkLog finish();
  // The last word of one end's kernel on the stream from `port` of the client.
  TcpInfo last_of(link::Direction leads_to, std::uint16_t port) {
    return obituaries_[leads_to].of(port);
  }
  // Their documents, after that.
  nlohmann::ordered_json document(link::Direction leads_to) const;

 private:
  Child start(link::Direction leads_to, const std::string& program, const std::string& line);
  std::string output(link::Direction leads_to) const;

  TemporaryFolder folder_;
  link::Link link_;
  link::PerDirection<Obituaries> obituaries_;
  Child server_;
  Child client_;
};

// Skips, with the reason, where there can be no link.
class LinkedPairTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = link::why_no_link(); !why.empty()) GTEST_SKIP() << why;
  }

  static bool is_here(const perf::Ends& ends) {
    return !perf::program_of(ends.server).empty() && !perf::program_of(ends.client).empty();
  }
};

}  // namespace rolecall::scenario
