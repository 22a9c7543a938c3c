// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/loopback_rig.h"

#include <utility>

namespace rolecall::scenario {

LoopbackRig::LoopbackRig(const std::string& address, PortReservation port)
    : address_(own_loopback(address, port.port())), port_(std::move(port)) {
  if (auto made = NetworkNamespace::create()) place_ = std::move(made).value();
}

Result<LeverObservation> LoopbackRig::conclude(const std::filesystem::path& /*folder*/,
                                               const KernelSample& /*kernel*/,
                                               bool /*client_was_started*/) {
  return LeverObservation{};
}

}  // namespace rolecall::scenario
