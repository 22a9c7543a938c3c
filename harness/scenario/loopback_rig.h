// SPDX-License-Identifier: BSD-3-Clause
// Both programs on loopback with nothing around them: the natural order.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "harness/base/result.h"
#include "harness/net/netns.h"
#include "harness/net/port_reservation.h"
#include "harness/scenario/rig.h"

namespace rolecall::scenario {

// In a network namespace of their own, so that nobody else's connections are near them; in ours
// where the kernel makes none.
class LoopbackRig : public Rig {
 public:
  LoopbackRig(const std::string& address, PortReservation port);

  std::string server_address() const override { return address_; }
  std::uint16_t port() const override { return port_.port(); }
  const NetworkNamespace* server_namespace() const override { return place(); }
  const NetworkNamespace* client_namespace() const override { return place(); }
  Result<LeverObservation> conclude(const std::filesystem::path& folder, const KernelSample& kernel,
                                    bool client_was_started) override;

 protected:
  const NetworkNamespace* place() const { return place_ ? &*place_ : nullptr; }

 private:
  std::string address_;
  PortReservation port_;
  std::optional<NetworkNamespace> place_;
};

}  // namespace rolecall::scenario
