// SPDX-License-Identifier: BSD-3-Clause
// A TUN device: the end of a link inside a namespace, whose packets a descriptor reads and writes.
#pragma once

#include <cstddef>
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

// Bytes in front of each packet of a device with large segments (virtio_net_hdr of
// linux/virtio_net.h, which is no C++): how it is to be split, and what is left of its checksum.
inline constexpr std::size_t kOffloadHeader = 10;

struct TunSetup {
  std::string name;                    // of the device, at most 15 letters
  int mtu = 1500;                      // bytes of an IP packet
  std::vector<std::string> addresses;  // IPv4 as /24, IPv6 as /64; IPv6 only from kMinMtuIpv6 on
  bool large_segments = false;         // the namespace sends TCP segments of up to 64 KiB
};

// Makes the device in `inside`, up, with its addresses. One read() of the descriptor, which does
// not block, is one IP packet that the namespace sends, one write() one that it receives, behind
// kOffloadHeader where segments may be large. The device goes with the descriptor. System where the
// kernel refuses, saying what to do about it.
Result<Fd> open_tun(const NetworkNamespace& inside, const TunSetup& setup);

// Packets that the namespace sent while the device's queue was full.
Result<std::uint64_t> dropped_by(const NetworkNamespace& inside, const std::string& device);

}  // namespace rolecall::link
