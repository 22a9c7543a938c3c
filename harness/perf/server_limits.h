// SPDX-License-Identifier: BSD-3-Clause
// What a server does not let a test have: more time than --server-max-duration, a higher rate than
// --server-bitrate-limit. iperf_api.c iperf_check_total_rate() and get_parameters(), 3.22.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "harness/base/time.h"
#include "harness/perf/options.h"
#include "harness/wire/params.h"

namespace rolecall::perf {

// Why these parameters are beyond the server's limits, before a stream is opened.
std::optional<wire::Refusal> refusal_by_limits(const Options& server,
                                               const wire::Parameters& asked);

// The rate of a running test, both directions together, by samples that are taken once an interval.
class RateLimit {
 public:
  // None where the server has no such limit.
  static std::optional<RateLimit> of(const Options& server, TimePoint start);

  TimePoint wake_at() const { return due_; }
  // Takes a sample when one is due; `bytes`: what has gone through by now. Whether the average of
  // the time that counts, once that has passed, is above the limit.
  bool is_exceeded(TimePoint now, std::uint64_t bytes);

 private:
  RateLimit(std::uint64_t bits_per_second, Duration interval, std::size_t intervals,
            TimePoint start);

  struct Sample {
    TimePoint at;
    std::uint64_t bytes = 0;
  };

  std::uint64_t bits_per_second_;
  Duration interval_;
  std::size_t intervals_;  // over which the average goes
  TimePoint due_;
  std::deque<Sample> samples_;  // the last intervals_ + 1
};

}  // namespace rolecall::perf
