// SPDX-License-Identifier: BSD-3-Clause
// The life of one test: start both peers, watch them until the verdict stands, end them, and gather
// what the verdict is a function of.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/result.h"
#include "harness/base/time.h"
#include "harness/net/stop_token.h"
#include "harness/scenario/kernel_sample.h"
#include "harness/scenario/peer.h"
#include "harness/scenario/rig.h"
#include "harness/scenario/scenario_file.h"
#include "harness/scenario/verdict.h"

namespace rolecall::scenario {

struct TestRunOptions {
  const Scenario& scenario;
  const Peer& client;
  const Peer& server;
  std::filesystem::path folder;    // exists; both peers' output goes there
  Rig& rig;                        // what stands around the two
  std::filesystem::path retrofit;  // for a client that is to have it
  const StopToken* stop = nullptr;
  bool let_peers_end = false;  // watch to the end of both even when the verdict stands before
};

struct TestRunRecord {
  RunFacts facts;
  std::vector<KernelSample> samples;        // those in which somebody's part in the test changed
  LeverObservation seen;                    // by the lever
  std::optional<Duration> time_to_verdict;  // from the first sample with TEST_RUNNING on the wire
  std::string client_ended;                 // "exit status 0", "ended by rolecall" ...
  std::string server_ended;
};

// One thread. Errors: System, or interruption(). No process is left when it returns.
Result<TestRunRecord> run_test(const TestRunOptions& options);

// How many bytes precede the payload on a stream connection of these two.
std::uint64_t header_bytes(const Scenario& scenario, const Peer& client, const Peer& server);

}  // namespace rolecall::scenario
