// SPDX-License-Identifier: BSD-3-Clause
// Whether a program could run while something was waited for: one that was stopped, or that no
// processor ran, has not shown that it waits.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/time.h"

namespace rolecall::scenario {

struct TimeSpan {
  TimePoint from;
  TimePoint to;
};

class ProcessPace {
 public:
  struct Sample {
    TimePoint at;
    Duration starved{};       // runnable without running, since it began; all of them together
    bool is_stopped = false;  // one of them, by a signal or a debugger
  };

  // Reads /proc/<pid>/stat and schedstat, those of the main thread, of the process and of what it
  // started. Adds nothing when it is gone.
  void look(pid_t pid, TimePoint at);
  // REQUIRES: later than those before.
  void add(const Sample& sample) { samples_.push_back(sample); }
  // "the client was stopped for 980 and got no processor for 3 of 1000 ms", when less than 50 ms of
  // `span` were left to `who`; nothing when it had more.
  std::optional<std::string> hindrance(const TimeSpan& span, std::string_view who) const;

 private:
  std::vector<Sample> samples_;
};

}  // namespace rolecall::scenario
