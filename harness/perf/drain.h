// SPDX-License-Identifier: BSD-3-Clause
// Reads what a client had sent when its test ended and what had not come by then. It is counted for
// nothing but to tell which stream is which: a total that is whole is the client's own.
#pragma once

#include <functional>
#include <vector>

#include "harness/net/reactor.h"
#include "harness/perf/scratch.h"
#include "harness/perf/stream.h"
#include "harness/session/event.h"

namespace rolecall::perf {

// One thread, the reactor's. The destructor ends it, also out of its own callback.
class Drain {
 public:
  using Totals = std::vector<session::ConnectionTotal>;

  // Tells `on_news` whenever something was read: `totals` with what has come on top, and whether no
  // more can come. Reads those of `streams` that this end receives; each has a total,
  // outlives it, and is read by nobody else. The owner ends it when it knows enough.
  Drain(Reactor& reactor, std::vector<const Stream*> streams, Totals totals,
        std::function<void(const Totals&, bool is_over)> on_news);
  ~Drain();
  Drain(const Drain&) = delete;
  Drain& operator=(const Drain&) = delete;

  void start();

 private:
  void read(const Stream& stream);
  void leave(const Stream& stream);
  void tell() const;

  Reactor& reactor_;
  std::vector<const Stream*> open_;
  Totals totals_;
  std::function<void(const Totals&, bool)> on_news_;
  Scratch scratch_;
};

}  // namespace rolecall::perf
