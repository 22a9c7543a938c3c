// SPDX-License-Identifier: BSD-3-Clause
// One thread's event loop: descriptors, one timer at a time, and nothing else. Knows nothing of
// iperf3.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>

#include "harness/base/fd.h"
#include "harness/base/result.h"
#include "harness/base/time.h"

namespace rolecall {

class Reactor {
 public:
  // Takes epoll's events (EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP).
  using Handler = std::function<void(std::uint32_t events)>;

  static Result<Reactor> create();

  // Watches a descriptor, which must stay open until unwatch(). Level-triggered. A descriptor that
  // is watched already gets the new events and handler.
  Result<void> watch(const Fd& fd, std::uint32_t events, Handler handler);
  void unwatch(const Fd& fd);

  // Waits until a descriptor is ready or `until` has come, and calls the handlers of what is ready.
  // A handler may watch and unwatch, also itself. No limit where `until` is empty.
  Result<void> run_once(std::optional<TimePoint> until);

 private:
  explicit Reactor(Fd epoll) : epoll_(std::move(epoll)) {}

  struct Watched {
    std::uint64_t generation = 0;
    Handler handler;
  };

  Fd epoll_;
  std::uint64_t generation_ = 0;  // tells a descriptor from an older one of the same number
  std::unordered_map<int, Watched> watched_;
};

}  // namespace rolecall
