// SPDX-License-Identifier: BSD-3-Clause
// The monotonic clock, and the limit that every blocking call takes.
#pragma once

#include "harness/base/time.h"

namespace rolecall {

// CLOCK_MONOTONIC. Any thread.
TimePoint now();

class Deadline {
 public:
  explicit Deadline(TimePoint at) : at_(at) {}
  static Deadline after(Duration d) { return Deadline(now() + d); }

  TimePoint at() const { return at_; }
  bool expired() const { return now() >= at_; }
  // What is left, never negative.
  Duration remaining() const;
  // The same for poll(): whole milliseconds, rounded up, at most INT_MAX.
  int poll_ms() const;

 private:
  TimePoint at_;
};

}  // namespace rolecall
