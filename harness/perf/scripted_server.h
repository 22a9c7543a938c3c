// SPDX-License-Identifier: BSD-3-Clause
// For tests only: the server's side of a test by hand, so that a client meets what no real server
// does. raw_client.h is its counterpart.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>

#include "harness/base/fd.h"
#include "harness/perf/raw_client.h"
#include "harness/wire/state.h"

namespace rolecall::perf {

// On a loopback port of its own. Each wait has the limit kPatience (patience.h).
class ScriptedServer {
 public:
  ScriptedServer();

  std::uint16_t port() const { return port_; }
  // The next connection, in the order of the accept queue; null when none comes.
  std::unique_ptr<RawConnection> accept() const;
  // Takes the control connection and goes on to the client's parameters, which it gives.
  std::string take_parameters();
  void send(std::initializer_list<wire::State> states) const;

  // From here on the accept queue takes one connection, and the kernel drops every further SYN.
  void narrow_queue() const;
  // Waits until that many connections to the port are waiting for the answer to their SYN.
  bool sees_connecting(int count) const;

  std::unique_ptr<RawConnection> control;

 private:
  Fd listener_;
  std::uint16_t port_ = 0;
};

}  // namespace rolecall::perf
