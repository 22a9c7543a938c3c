// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/server_limits.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "harness/wire/server_error.h"

namespace rolecall::perf {
namespace {

// iperf3 looks once an interval of its report (-i), and never with -i 0.
constexpr double kSecondsWithoutReport = 1;

std::optional<wire::Refusal> refusal_by_duration(int most_s, const wire::Parameters& asked) {
  if (most_s == 0 || (asked.time_s != 0 && asked.time_s + asked.omit_s <= most_s)) {
    return std::nullopt;
  }
  return wire::Refusal{
      wire::kErrorServerDuration,
      asked.time_s == 0
          ? fmt::format("the test has no end by time (-t), and may take {} s here", most_s)
          : fmt::format("the test would take {} s, and may take {} s here",
                        asked.time_s + asked.omit_s, most_s)};
}

}  // namespace

std::optional<wire::Refusal> refusal_by_limits(const Options& server,
                                               const wire::Parameters& asked) {
  if (auto refusal = refusal_by_duration(server.most_duration_s, asked)) return refusal;
  const double rate =
      static_cast<double>(std::max(asked.bits_per_second, asked.fq_bits_per_second)) *
      static_cast<double>(asked.stream_count());
  if (server.most_bitrate_bps == 0 || rate <= static_cast<double>(server.most_bitrate_bps)) {
    return std::nullopt;
  }
  return wire::Refusal{wire::kErrorTotalRate,
                       fmt::format("the test would have {:.0f} bits/s, and may have {} here", rate,
                                   server.most_bitrate_bps)};
}

std::optional<RateLimit> RateLimit::of(const Options& server, TimePoint start) {
  if (server.most_bitrate_bps == 0) return std::nullopt;
  const double interval_s = server.interval_s > 0 ? server.interval_s : kSecondsWithoutReport;
  const long intervals = std::lround(server.bitrate_limit_s / interval_s);
  return RateLimit(server.most_bitrate_bps, from_seconds(interval_s),
                   static_cast<std::size_t>(std::max(intervals, 1L)), start);
}

RateLimit::RateLimit(std::uint64_t bits_per_second, Duration interval, std::size_t intervals,
                     TimePoint start)
    : bits_per_second_(bits_per_second),
      interval_(interval),
      intervals_(intervals),
      due_(start + interval),
      samples_{{start, 0}} {}

bool RateLimit::is_exceeded(TimePoint now, std::uint64_t bytes) {
  if (now < due_) return false;
  while (due_ <= now) due_ = due_ + interval_;
  samples_.push_back({now, bytes});
  if (samples_.size() <= intervals_) return false;
  if (samples_.size() > intervals_ + 1) samples_.pop_front();
  const double bits = static_cast<double>(bytes - samples_.front().bytes) * 8;
  return bits / (now - samples_.front().at).in_seconds() > static_cast<double>(bits_per_second_);
}

}  // namespace rolecall::perf
