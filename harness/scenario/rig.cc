// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/rig.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "harness/link/link.h"
#include "harness/net/port_reservation.h"
#include "harness/scenario/link_rig.h"
#include "harness/scenario/shim_rig.h"

namespace rolecall::scenario {
namespace {

namespace fs = std::filesystem;

// Natural order on loopback.
class PlainRig : public Rig {
 public:
  PlainRig(const std::string& address, PortReservation port)
      : address_(own_loopback(address, port.port())),
        port_(std::move(port)),
        place_(loopback_of_its_own()) {}

  std::string server_address() const override { return address_; }
  std::uint16_t port() const override { return port_.port(); }
  const NetworkNamespace* server_namespace() const override { return place_ ? &*place_ : nullptr; }
  const NetworkNamespace* client_namespace() const override { return server_namespace(); }
  Result<LeverObservation> conclude(const fs::path&, const KernelSample&, bool) override {
    return LeverObservation{};
  }

 private:
  std::string address_;
  PortReservation port_;
  std::optional<NetworkNamespace> place_;
};

}  // namespace

Result<std::unique_ptr<Rig>> make_rig(const RigOptions& options) {
  if (options.lever == Lever::Link) return make_link_rig(options);
  if (options.lever && !options.is_control) return make_shim_rig(options);
  TRY(auto port, PortReservation::take(options.port));
  return std::unique_ptr<Rig>(
      std::make_unique<PlainRig>(options.scenario.address, std::move(port)));
}

std::optional<NetworkNamespace> loopback_of_its_own() {
  auto place = NetworkNamespace::create();
  if (place.has_error()) return {};
  return std::move(place).value();
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
