// SPDX-License-Identifier: BSD-3-Clause
// What a run came to: a function of what the kernel said, what the lever saw and what the peers
// printed, and of nothing else. No clock and no I/O is in here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/result.h"
#include "harness/net/process.h"
#include "harness/scenario/certificate.h"
#include "harness/scenario/kernel_sample.h"
#include "harness/scenario/peer_report.h"
#include "harness/scenario/verdict_kind.h"
#include "harness/schedule/pairing.h"

namespace rolecall::scenario {

struct Verdict {
  VerdictKind kind = VerdictKind::Stuck;
  std::string reason;  // one sentence, naming connections and figures

  bool operator==(const Verdict&) const = default;
};

// One end, as its process showed itself.
struct PeerOutcome {
  std::string label;  // "iperf3 3.12"
  // Sends on threads of their own, which go on for a block after the figures were taken: iperf3
  // from 3.16 on (iperf_client_api.c, iperf_client_end() cancels them).
  bool has_sender_threads = false;
  std::optional<ExitStatus> ended;   // absent: it still ran when the verdict had to be given
  std::optional<PeerReport> report;  // absent: report_problem says why
  std::string report_problem;
  std::string complaint;  // the line of stderr that says most, empty for none
  bool has_sanitizer_report = false;
};

struct RunFacts {
  Mode mode = Mode::Forward;
  int streams = 1;
  bool has_size_goal = false;
  bool omits_start = false;
  std::uint64_t header_bytes = kCookieBytes;
  std::uint64_t block_bytes = 128 * 1024;
  std::uint64_t kernel_holds_bytes = 0;  // at most, of one direction: send plus receive buffer

  PeerOutcome client;
  PeerOutcome server;
  bool server_listened = true;  // else the client was never started

  // The last figures of each connection; those of closed ends are final.
  KernelSample kernel;
  // The certificate, while the test had not ended by itself, and whether its senders were wedged.
  std::optional<Certificate> certificate;
  std::optional<KernelSample> certified;  // the sample that it rests on
  bool is_wedged = false;

  // Client ports in client order, where known: from the lever's record of connect(), else from the
  // client's own report.
  std::vector<std::uint16_t> client_order;
  // Why the lever did not do its work: an event that never came within the hold limit, a program
  // that it could not see.
  std::vector<std::string> lever_problems;
};

// The number of the connection in client order, 0 when it is not known.
int number_of(const RunFacts& facts, std::uint16_t client_port);
// That the client opened more stream connections than the test has. Nothing where it did not.
std::optional<std::string> surplus_connections(const RunFacts& facts);
// "connection 2", or by its port while the number is not known.
std::string connection_name(const RunFacts& facts, std::uint16_t client_port);

// Whether the certificate decides already, or the test may still end by itself: with a duration
// every certificate does, with a byte or block goal only one whose senders cannot go on.
bool is_decided(const RunFacts& facts);

// The verdict. Total: any facts have one.
Verdict judge(const RunFacts& facts);

}  // namespace rolecall::scenario
