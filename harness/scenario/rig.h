// SPDX-License-Identifier: BSD-3-Clause
// What stands around the two programs of one run so that its schedule comes about, one kind a
// lever, and what it saw: the one thing that a run knows of levers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/result.h"
#include "harness/net/netns.h"
#include "harness/scenario/kernel_sample.h"
#include "harness/scenario/peer.h"
#include "harness/scenario/process_pace.h"
#include "harness/scenario/scenario_file.h"

namespace rolecall::scenario {

// What a lever saw, when the run is over.
struct LeverObservation {
  std::vector<std::uint16_t> client_order;  // client ports in client order, 0 for unknown
  // Client ports in the order of accept(), where the lever sees accept().
  std::vector<std::uint16_t> accept_order;
  // Client ports in the order in which the server's kernel queued them, where the lever sees that.
  std::vector<std::uint16_t> queue_order;
  // A hold ended before the client had made the connection that was awaited: its own ordering, or
  // that of the server, does not let the scripted order come about.
  bool order_impossible = false;
  // While it did not make it; a client that could not run then has shown nothing.
  std::optional<TimeSpan> without_connecting;
  bool rules_fulfilled = true;  // those of the schedule, beside its accept order
  // From the first stream's SYN to TEST_START, both at the client; where the lever sees packets.
  std::optional<Duration> set_up;
  // What kept the schedule from coming about, rule by rule.
  std::vector<std::string> unmet;
  // What it did that nobody asked for.
  std::vector<std::string> remarks;
  // Why the lever did not do its work: an event that never came, a program that it could not see.
  std::vector<std::string> problems;
};

// The programs of one run are started inside it. One thread.
class Rig {
 public:
  virtual ~Rig() = default;

  // What the client is to connect to.
  virtual std::string server_address() const = 0;
  virtual std::uint16_t port() const = 0;
  // Where the server is to listen, and the client's port of the connection that it sees come from
  // port `seen`: others where a proxy stands between them. 0: not known yet.
  virtual std::uint16_t server_port() const { return port(); }
  virtual std::uint16_t client_port(std::uint16_t seen) { return seen; }
  virtual bool has_proxy() const { return false; }
  // NAME=VALUE, on top of our own environment.
  virtual std::vector<std::string> server_environment() const { return {}; }
  virtual std::vector<std::string> client_environment() const { return {}; }
  // Where the program runs; null: in our own namespace. Lives as long as the rig.
  virtual const NetworkNamespace* server_namespace() const { return nullptr; }
  virtual const NetworkNamespace* client_namespace() const { return nullptr; }

  // Once, when both programs have ended. `kernel` is the last sample of the run. Evidence of the
  // lever's own is written to `folder`. System when that cannot be written.
  virtual Result<LeverObservation> conclude(const std::filesystem::path& folder,
                                            const KernelSample& kernel,
                                            bool client_was_started) = 0;
};

struct RigOptions {
  const Scenario& scenario;
  const Peer& client;
  const Peer& server;
  std::optional<Lever> lever;    // none: natural order, nothing around the programs
  bool is_control = false;       // the lever's surroundings, without its orders
  int index = 1;                 // of the run: a seed for what the link loses at random
  std::uint16_t port = 0;        // 0: a free one
  std::filesystem::path shim;    // the preload library
  std::filesystem::path folder;  // the run's evidence folder, for a capture
};

// Config when the port is taken or the lever cannot reach a program; System where the machine
// refuses.
Result<std::unique_ptr<Rig>> make_rig(const RigOptions& options);

// How long one connection may be held: on the link as the scenario says, if it does. Where the
// scenario expects the order to come about, as long as the slowest machine may need; where it does
// not, every run meets this limit: a second, in which any program makes its next connection, and
// one that waits for the held one does not.
Duration longest_hold(const Scenario& scenario, Lever lever);

// Why `lever` cannot be used on this machine, and what to do about it; ok() when it can.
Result<void> check_lever(Lever lever, const std::filesystem::path& shim);

}  // namespace rolecall::scenario
