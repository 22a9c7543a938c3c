// SPDX-License-Identifier: BSD-3-Clause
// What a link is to be: rules, MTU, delay, loss, capture. Everything is fixed before the first
// packet.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "harness/base/time.h"
#include "harness/link/direction.h"
#include "harness/schedule/rule.h"

namespace rolecall::link {

struct LinkOptions {
  std::uint16_t server_port = 5201;  // the rules are about connections to it
  std::vector<Rule> rules{};         // a packet meets them in this order; each is used up once
  Duration hold_limit = seconds(2);  // of each hold, from the first packet that it keeps
  int mtu = 1500;                    // of both devices, 576..65535; no IPv6 below 1280
  Duration delay{};                  // one way, each way: the round trip is twice that longer
  // Percent of the packets, 0..100, of every kind; with one seed the same ones of the same
  // sequence.
  PerDirection<double> loss_percent{};
  std::uint64_t seed = 1;
  std::filesystem::path capture{};  // a pcapng file to make; empty: none
  std::uint32_t snaplen = 256;      // bytes kept of each packet in it, at least 128
};

}  // namespace rolecall::link
