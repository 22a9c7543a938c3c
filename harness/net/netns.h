// SPDX-License-Identifier: BSD-3-Clause
// Anonymous network namespaces, held by a descriptor alone: when the last process that has it (or
// runs in it) is gone, by SIGKILL too, the kernel takes the namespace with its devices and sockets.
#pragma once

#include <functional>
#include <optional>
#include <thread>
#include <utility>

#include "harness/base/fd.h"
#include "harness/base/result.h"
#include "harness/base/time.h"

namespace rolecall {

// What making namespaces needs, made sure of: nothing where the process has the right (root), else
// it moves into a user namespace of its own in which it is root, its files still its own. Call it
// while the process has one thread, before anything else of this header; what it starts later is in
// there too. System where the kernel refuses, saying what to do about it.
Result<void> gain_namespace_rights();

// Moves the process into a new user namespace where it is root. One thread only. Errors as above.
Result<void> become_root_of_own_user_namespace();

// A network namespace, empty but for a loopback device, which is up. Movable; any thread.
class NetworkNamespace {
 public:
  // System where the right is missing; says what to do about it.
  static Result<NetworkNamespace> create();

  // For setns(fd, CLONE_NEWNET) in a child between fork and exec. Close-on-exec.
  const Fd& fd() const { return fd_; }

 private:
  explicit NetworkNamespace(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

// Moves the calling thread into `inside` for good: it must be a thread of which nobody expects
// anything else. System where the right is missing.
Result<void> enter(const NetworkNamespace& inside);

// How soon, at the earliest, TCP sends again inside what is not acknowledged, and lets go of a
// corked segment: of connections opened from now on (net.ipv4.tcp_rto_min_us; 200 ms as a rule).
// System on Linux before 6.11, which has no such bound to set.
Result<void> set_shortest_timer(const NetworkNamespace& inside, Duration shortest);

// What `function`, which gives a Result, gives on a thread of its own inside the namespace. Sockets
// and devices that it opens belong to the namespace and work from every thread. Waits for it.
template <class Function>
auto run_in(const NetworkNamespace& inside, Function&& function) {
  using Outcome = decltype(function());
  std::optional<Outcome> outcome;
  std::thread([&] {
    if (auto entered = enter(inside); entered.has_error()) {
      outcome.emplace(entered.error());
    } else {
      outcome.emplace(std::forward<Function>(function)());
    }
  }).join();
  return std::move(*outcome);
}

}  // namespace rolecall
