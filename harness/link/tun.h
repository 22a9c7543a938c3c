// SPDX-License-Identifier: BSD-3-Clause
// A TUN device: the end of a link inside a namespace, whose packets a descriptor reads and writes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/base/fd.h"
#include "harness/base/result.h"
#include "harness/net/netns.h"

namespace rolecall::link {

inline constexpr int kMinMtu = 576;
inline constexpr int kMinMtuIpv6 = 1280;  // the kernel has no IPv6 on a device below
inline constexpr int kMaxMtu = 65'535;

struct TunSetup {
  std::string name;                    // of the device, at most 15 letters
  int mtu = 1500;                      // bytes of an IP packet
  std::vector<std::string> addresses;  // IPv4 as /24, IPv6 as /64; IPv6 only from kMinMtuIpv6 on
};

// Makes the device in `inside`, up, with its addresses. One read() of the descriptor, which does
// not block, is one IP packet that the namespace sends, one write() one that it receives. The
// device goes with the descriptor. System where the kernel refuses, saying what to do about it.
Result<Fd> open_tun(const NetworkNamespace& inside, const TunSetup& setup);

// Packets that the namespace sent while the device's queue was full.
Result<std::uint64_t> dropped_by(const NetworkNamespace& inside, const std::string& device);

}  // namespace rolecall::link
