// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/kernel_sample.h"

namespace rolecall::scenario {
namespace {

constexpr std::uint64_t kSyn = 1;

// The counters are read one after the other, so a difference may come out below zero for a moment.
std::uint64_t less(std::uint64_t from, std::uint64_t what) {
  return from > what ? from - what : 0;
}

}  // namespace

const ConnectionSample* find_stream(const KernelSample& sample, std::uint16_t client_port) {
  for (const ConnectionSample& c : sample.streams)
    if (c.client_port == client_port) return &c;
  return nullptr;
}

std::uint64_t payload_sent_by_client(const ConnectionSample& c, std::uint64_t header) {
  return less(c.client.bytes_acked, kSyn + header);
}

std::uint64_t payload_sent_by_server(const ConnectionSample& c) {
  return c.server.bytes_acked;
}

std::uint64_t payload_consumed_by_client(const ConnectionSample& c) {
  return less(c.client.bytes_received, c.client.rqueue);
}

std::uint64_t payload_consumed_by_server(const ConnectionSample& c, std::uint64_t header) {
  return less(c.server.bytes_received, c.server.rqueue + header);
}

}  // namespace rolecall::scenario
