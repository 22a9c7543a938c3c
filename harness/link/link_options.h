// SPDX-License-Identifier: BSD-3-Clause
// What a link is to be: rules, MTU, delay, loss, capture. Everything is fixed before the first
// packet.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "harness/base/time.h"
#include "harness/link/direction.h"
#include "harness/schedule/rule.h"

namespace rolecall::link {

struct LinkOptions {
  std::uint16_t server_port = 5201;  // the rules are about connections to it
  std::vector<Rule> rules{};         // a packet meets them in this order; each is used up once
  // When a stranger connects to the server from kStrangerAddress (stranger.h), of a connection of
  // the client's first test; none: nobody does.
  std::optional<Event> stranger{};
  Duration hold_limit = seconds(2);  // of each hold, from the first packet that it keeps
  int mtu = 1500;                    // of both devices, 576..65535; no IPv6 below 1280
  Duration delay{};                  // one way, each way: the round trip is twice that longer
  // The kernels hand each other TCP segments of up to 64 KiB, as through network cards that split
  // and join them, with unfinished checksums: some ten times as fast. Without it each packet is one
  // of the MTU and complete. Loss always takes it off, so that it hits single packets.
  bool large_segments = true;
  // Percent of the packets, 0..100, of every kind; with one seed the same ones of the same
  // sequence.
  PerDirection<double> loss_percent{};
  std::uint64_t seed = 1;
  std::filesystem::path capture{};  // a pcapng file to make; empty: none
  std::uint32_t snaplen = 256;      // bytes kept of each packet in it, at least 128

  bool has_large_segments() const {
    return large_segments && loss_percent.to_server == 0 && loss_percent.to_client == 0;
  }
};

}  // namespace rolecall::link
