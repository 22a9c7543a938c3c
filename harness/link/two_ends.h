// SPDX-License-Identifier: BSD-3-Clause
// For tests: a server and a client that know as much of iperf3 as the link does: one listener, a
// control connection, stream connections one after the other, a cookie of 37 bytes on each.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/base/fd.h"
#include "harness/link/link.h"

namespace rolecall::link {

inline constexpr std::size_t kCookieSize = 37;

// A link with these rules, whose events are all to come: only one that is broken meets the limit of
// a hold.
LinkOptions with_rules(std::vector<Rule> rules);

// All waits are for events, and end the test program after two minutes without.
class TwoEnds {
 public:
  // The link is up and the control connection stands when this returns. `server`: kServerAddress or
  // kServerAddressIpv6.
  explicit TwoEnds(const LinkOptions& options, const char* server = kServerAddress);

  // Opens one more connection, waits as iperf3 does until connect() has succeeded (the SYN-ACK),
  // sends the cookie, and gives the local port. `from`: the address to bind to, empty for any.
  std::uint16_t connect(const std::string& from = "");
  // Begins to connect and does not wait.
  Fd begin_connect(const std::string& from = "");
  // Waits until connect() has succeeded, and sends the cookie.
  void finish_connect(Fd socket);

  // The client's ports of the next `count` connections that accept() returns, in that order.
  std::vector<std::uint16_t> accept(int count);
  // Reads from the connection that was accepted i-th (the control connection is the 0th) until
  // `bytes` have come.
  std::string read(std::size_t i, std::size_t bytes);
  // Answers the cookie of the connection that was accepted i-th with one byte, says that no more
  // comes, and waits until the other end has closed.
  void dismiss(std::size_t i, std::byte answer);
  // Sends from the i-th client socket to the accepted connection of the same port, which reads.
  void transfer(std::size_t client, std::size_t bytes);

  Link& link() { return link_; }
  const std::vector<Fd>& clients() const { return clients_; }
  // Ends the link and gives its log.
  LinkLog stop() { return link_.stop(); }

 private:
  Link link_;
  Fd listener_;
  std::vector<Fd> clients_;   // by connect(); the control connection first
  std::vector<Fd> accepted_;  // by accept()
};

std::uint16_t port_of(const Fd& socket);

// A sentence that says why this machine can have no link; empty when it can. Once it has run, the
// process may be in a user namespace of its own.
std::string why_no_link();

}  // namespace rolecall::link
