// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/rig.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "harness/link/link.h"
#include "harness/net/port_reservation.h"
#include "harness/scenario/link_rig.h"
#include "harness/scenario/loopback_rig.h"
#include "harness/scenario/shim_rig.h"

namespace rolecall::scenario {
namespace fs = std::filesystem;

Result<std::unique_ptr<Rig>> make_rig(const RigOptions& options) {
  if (options.lever == Lever::Link) return make_link_rig(options);
  if (options.lever && !options.is_control) return make_shim_rig(options);
  TRY(auto port, PortReservation::take(options.port));
  return std::unique_ptr<Rig>(
      std::make_unique<LoopbackRig>(options.scenario.address, std::move(port)));
}

Duration longest_hold(const Scenario& scenario, Lever lever) {
  const auto expected = scenario.expect.under(lever);
  const Duration by_expectation = seconds(expected && expected->is_realisable ? 20 : 1);
  const auto stated = lever == Lever::Link ? scenario.link.hold_limit : std::nullopt;
  return std::min(stated.value_or(by_expectation), Duration{scenario.limit.ns / 2});
}

Result<void> check_lever(Lever lever, const fs::path& shim) {
  if (lever == Lever::Link) {
    static const Result<void> kLinks = link::probe_link();  // the machine's answer does not change
    return kLinks;
  }
  std::error_code failure;
  if (fs::is_regular_file(shim, failure)) return ok();
  return Error{Errc::Config,
               fmt::format("the preload library is not at \"{}\"; build it", shim.string())};
}

}  // namespace rolecall::scenario
