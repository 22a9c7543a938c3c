// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/shim_rig.h"

#include <utility>

#include <fmt/format.h>

#include "harness/base/files.h"
#include "harness/net/netns.h"
#include "harness/net/port_reservation.h"
#include "harness/scenario/loopback_rig.h"
#include "harness/scenario/shim_plan.h"

namespace rolecall::scenario {
namespace {

// Why the library cannot have done its work; empty when it can.
std::vector<std::string> problems_of(const ShimObservation& shim, Lever lever,
                                     const KernelSample& kernel, bool client_was_started) {
  std::vector<std::string> problems;
  if (!shim.order_impossible) problems = shim.hold_limits;
  if (!shim.server_armed) problems.emplace_back("the preload library did not arm in the server");
  if (client_was_started && !shim.client_armed)
    problems.emplace_back("the preload library did not arm in the client");
  if (lever == Lever::Defer && shim.server_armed && !shim.listener_deferred)
    problems.emplace_back("TCP_DEFER_ACCEPT was never set on the server's listener");
  if (shim.server_armed && !shim.saw_accepts && !kernel.streams.empty()) {
    problems.emplace_back(
        "the server took its connections without calling accept() through libc (a raw system call "
        "or io_uring), so the shim cannot order them");
  }
  return problems;
}

class ShimRig : public LoopbackRig {
 public:
  ShimRig(const std::string& address, PortReservation port, Lever lever, Duration hold_limit,
          ShimPlan plan)
      : LoopbackRig(address, std::move(port)),
        lever_(lever),
        hold_limit_(hold_limit),
        plan_(std::move(plan)) {
    // So that the kernel holds a corked cookie as long as the order needs. Where it has no such
    // setting it is 200 ms.
    if (lever == Lever::Defer && place() != nullptr)
      static_cast<void>(set_shortest_timer(*place(), hold_limit));
  }

  std::vector<std::string> server_environment() const override {
    return plan_.server_environment();
  }
  std::vector<std::string> client_environment() const override {
    return plan_.client_environment();
  }

  Result<LeverObservation> conclude(const std::filesystem::path& folder, const KernelSample& kernel,
                                    bool client_was_started) override {
    ShimObservation shim = plan_.observe();
    TRY(write_file(folder / "events.jsonl", shim.events));
    LeverObservation seen;
    seen.problems = problems_of(shim, lever_, kernel, client_was_started);
    if (shim.order_impossible) seen.unmet = shim.hold_limits;
    seen.client_order = std::move(shim.client_order);
    seen.accept_order = std::move(shim.accept_order);
    seen.order_impossible = shim.order_impossible;
    if (shim.gave_up)
      seen.without_connecting = {*shim.gave_up + Duration{-hold_limit_.ns}, *shim.gave_up};
    return seen;
  }

 private:
  Lever lever_;
  Duration hold_limit_;
  ShimPlan plan_;
};

Result<void> check_reach(const Peer& peer, const char* role) {
  if (peer.is_dynamic) return ok();
  return Error{Errc::Config,
               fmt::format("{} {} at {} is a static program: no preload library reaches it, so "
                           "neither swap nor defer can order its connections; use a dynamically "
                           "linked build, or the link lever",
                           role, peer.label(), peer.path.string())};
}

}  // namespace

Result<std::unique_ptr<Rig>> make_shim_rig(const RigOptions& options) {
  TRY(check_reach(options.client, "client"));
  TRY(check_reach(options.server, "server"));
  TRY(auto port, PortReservation::take(options.port));
  ShimOptions plan_options;
  plan_options.library = options.shim;
  plan_options.server_program = options.server.path;
  plan_options.client_program = options.client.path;
  plan_options.port = port.port();
  plan_options.order = options.scenario.schedule.accept;
  plan_options.lever = options.lever == Lever::Defer ? shim::Lever::Defer : shim::Lever::Swap;
  plan_options.hold_limit = longest_hold(options.scenario, *options.lever);
  TRY(auto plan, ShimPlan::make(plan_options));
  return std::unique_ptr<Rig>(std::make_unique<ShimRig>(options.scenario.address, std::move(port),
                                                        *options.lever, plan_options.hold_limit,
                                                        std::move(plan)));
}

}  // namespace rolecall::scenario
