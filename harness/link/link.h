// SPDX-License-Identifier: BSD-3-Clause
// The link lever: client and server each in a network namespace of its own, joined by two TUN
// devices and a thread that moves the packets between them and follows rules on the way. Real
// kernel TCP at both ends, any program, nothing left behind however the process ends.
//
//   gain_namespace_rights()                          once, while the process has one thread
//   Link::start({.rules = rules_for({2, 1})})        armed before the first packet
//   server: setns(link.server_namespace().fd().get(), CLONE_NEWNET) between fork and exec
//   client: the same with client_namespace(), and kServerAddress as its server
//   SockDiag of an end: run_in(link.server_namespace(), [] { return SockDiag::open(); })
//   link.stop().text()
#pragma once

#include <memory>

#include "harness/base/result.h"
#include "harness/link/link_log.h"
#include "harness/link/link_options.h"
#include "harness/net/netns.h"

namespace rolecall::link {

// Both ends are in one /24 and one /64. Only connections from the client's own addresses are
// numbered, by SYN and before anybody has seen a cookie: a stranger who connects from there takes a
// number (or is the control connection, where none stands) and moves those behind it. A stranger
// that binds to its own address is told apart, gets no number, and no rule touches it. The link can
// bring one itself (LinkOptions::stranger).
inline constexpr const char* kClientAddress = "10.0.0.1";
inline constexpr const char* kClientAddressIpv6 = "fd00::1";
inline constexpr const char* kServerAddress = "10.0.0.2";
inline constexpr const char* kServerAddressIpv6 = "fd00::2";
inline constexpr const char* kStrangerAddress = "10.0.0.3";  // in the client's namespace
inline constexpr const char* kStrangerAddressIpv6 = "fd00::3";

// Whether this machine can have links: nothing when it can, else System with what is missing and
// what to do about it. Makes one and takes it down (some ms).
Result<void> probe_link();

class Link {
 public:
  // Makes the namespaces and devices and starts the forwarder's thread. Config for options out of
  // range, System where the machine refuses (see probe_link) or the capture cannot be made.
  static Result<Link> start(const LinkOptions& options);

  Link(Link&&) noexcept;
  Link& operator=(Link&&) noexcept;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link();  // stops

  // Both live as long as the link; a process inside keeps its namespace, but not the device.
  const NetworkNamespace& client_namespace() const;
  const NetworkNamespace& server_namespace() const;

  // Ends the forwarding, and with it the connection of the two ends. What is held or delayed by
  // then is lost. Once.
  LinkLog stop();

 private:
  struct Parts;
  explicit Link(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace rolecall::link
