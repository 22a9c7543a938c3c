// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/certificate.h"

#include <algorithm>

namespace rolecall::scenario {
namespace {

bool is_open(const EndSample& end) {
  return end.seen && end.established && !end.closed;
}

bool is_blocked(const EndSample& end) {
  return end.persist && end.send_buffer_full && end.wqueue > 0;
}

}  // namespace

std::optional<Certificate> certify(const KernelSample& sample, int connections,
                                   std::uint64_t header) {
  if (static_cast<int>(sample.streams.size()) != connections) return std::nullopt;
  Certificate found;
  for (const ConnectionSample& c : sample.streams) {
    if (!is_open(c.client) || !is_open(c.server)) return std::nullopt;
    const bool client_sent = payload_sent_by_client(c, header) > 0;
    const bool server_sent = payload_sent_by_server(c) > 0;
    const bool consumed =
        payload_consumed_by_client(c) > 0 || payload_consumed_by_server(c, header) > 0;
    if (client_sent && server_sent) {
      if (consumed) return std::nullopt;
      found.both_send.push_back(c.client_port);
    } else if (client_sent || server_sent) {
      found.flowing.push_back(c.client_port);
    } else {
      found.both_receive.push_back(c.client_port);
    }
  }
  if (found.both_send.empty() || found.both_send.size() != found.both_receive.size())
    return std::nullopt;
  return found;
}

bool is_wedged(const Certificate& certificate, const KernelSample& sample) {
  return std::all_of(certificate.both_send.begin(), certificate.both_send.end(),
                     [&](std::uint16_t port) {
                       const ConnectionSample* c = find_stream(sample, port);
                       return c != nullptr && is_blocked(c->client) && is_blocked(c->server);
                     });
}

}  // namespace rolecall::scenario
