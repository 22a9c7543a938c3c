// SPDX-License-Identifier: BSD-3-Clause
// Keeps a TCP port for a server that is yet to start, so that runs side by side never meet: a bound
// socket that never listens, with SO_REUSEADDR, as iperf3's listener has it too (net.c
// netannounce(), all tags), may share the port with one that listens.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "harness/base/fd.h"
#include "harness/base/result.h"

namespace rolecall {

class PortReservation {
 public:
  // `port`, or for 0 a free one below those that the kernel gives out by itself, so that no UDP
  // socket has its number by chance. Config when somebody else has it.
  static Result<PortReservation> take(std::uint16_t port);
  std::uint16_t port() const { return port_; }

 private:
  PortReservation(Fd fd, std::uint16_t port) : fd_(std::move(fd)), port_(port) {}
  Fd fd_;
  std::uint16_t port_;
};

// Where the peers of the run that has `port` meet: `stated`, but of 127.0.0.0/8 an address of that
// run's own. Linux keeps what it measured between two addresses (tcp_metrics; tcp_update_metrics(),
// 6.1), and a stream that was held back looks like one of many seconds' round trip: on one address
// it would slow down all runs that follow, and every other program there. IPv6 has ::1 alone.
std::string own_loopback(const std::string& stated, std::uint16_t port);

}  // namespace rolecall
