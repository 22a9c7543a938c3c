// SPDX-License-Identifier: BSD-3-Clause
// What the kernel says of the two ends of a test's connections at one moment: plain figures, so
// that verdicts are functions of them.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/base/time.h"

namespace rolecall::scenario {

struct EndSample {
  bool seen = false;         // the kernel has told anything of this end yet
  bool established = false;  // TCP state ESTABLISHED: neither end has closed
  bool closed = false;  // the socket is dead: only the two byte counts below are its own, and final
  std::uint64_t bytes_acked = 0;  // with the SYN on the client's end
  std::uint64_t bytes_received = 0;
  std::uint32_t rqueue = 0;  // received and not read, bytes
  std::uint32_t wqueue = 0;  // written and not acknowledged, bytes
  std::uint32_t snd_wnd = 0;
  bool persist = false;           // data waits behind a closed window
  bool send_buffer_full = false;  // the program cannot write
};

struct ConnectionSample {
  std::uint16_t client_port = 0;
  EndSample client;
  EndSample server;
  int server_descriptor = -1;  // of the server program, once seen
};

struct KernelSample {
  TimePoint at;
  ConnectionSample control;               // client_port 0 while it is not known
  std::vector<ConnectionSample> streams;  // in the order in which they were first seen
};

// The stream connection from that client port, null when it was not seen. Lives as long as
// `sample`.
const ConnectionSample* find_stream(const KernelSample& sample, std::uint16_t client_port);

// How many bytes before the payload the client sends on each stream connection: cookie and
// preamble.
inline constexpr std::uint64_t kCookieBytes = 37;

// Payload that an end has sent and the other end's kernel has, and payload that its program has
// read. `header` is what precedes the payload, kCookieBytes or more; it travels from client to
// server. A closed end's count may hold one byte more: its FIN.
std::uint64_t payload_sent_by_client(const ConnectionSample& c, std::uint64_t header);
std::uint64_t payload_sent_by_server(const ConnectionSample& c);
std::uint64_t payload_consumed_by_client(const ConnectionSample& c);
std::uint64_t payload_consumed_by_server(const ConnectionSample& c, std::uint64_t header);

}  // namespace rolecall::scenario
