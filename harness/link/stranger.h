// SPDX-License-Identifier: BSD-3-Clause
// One who has no part in the test: connects to the server from an address of its own when an event
// comes, sends a cookie that is nobody's, and keeps what the server answers. iperf_tcp.c
// iperf_tcp_accept() answers a cookie that is not the test's with ACCESS_DENIED (-1) and closes.
#pragma once

#include <poll.h>

#include <cstdint>

#include "harness/base/fd.h"
#include "harness/base/result.h"
#include "harness/link/link_log.h"
#include "harness/net/netns.h"
#include "harness/net/socket.h"
#include "harness/schedule/rule.h"

namespace rolecall::link {

// Never waits: whoever owns it polls for it. One thread.
class Stranger {
 public:
  // Its sockets belong to `inside`, bound to kStrangerAddress, and where `has_ipv6` to
  // kStrangerAddressIpv6. System where that fails.
  static Result<Stranger> create(const Event& after, const NetworkNamespace& inside,
                                 std::uint16_t server_port, bool has_ipv6);

  const Event& after() const { return log_.after; }
  // The event has come: begins to connect, over IPv6 or IPv4. Later calls do nothing.
  void connect(bool over_ipv6);
  // What to poll for; its descriptor is -1 while there is nothing.
  pollfd wanted() const;
  // What poll() found of wanted().
  void on_ready(short found);

  const StrangerLog& log() const { return log_; }

 private:
  Stranger(const Event& after, Fd ipv4, Fd ipv6, std::uint16_t server_port);
  void send_cookie();
  void read_answer();
  void end(const Error* why);

  Fd ipv4_;
  Fd ipv6_;  // closed without IPv6
  std::uint16_t server_port_;
  Fd socket_;  // the one of the two that is in use
  Address to_;
  bool sent_ = false;
  StrangerLog log_;
};

}  // namespace rolecall::link
