// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/pace.h"

#include <algorithm>

#include "harness/base/check.h"

namespace rolecall::perf {
namespace {

constexpr double kFarAwaySeconds = 1e9;  // a Duration holds nine times as many

}  // namespace

Pace::Pace(const Load& load)
    : bytes_a_second_(static_cast<double>(load.bits_per_second) / 8),
      block_bytes_(load.block_bytes),
      burst_bytes_(static_cast<std::uint64_t>(std::max(load.burst_blocks, 1)) * load.block_bytes) {
  CHECK(load.bits_per_second > 0);
}

Duration Pace::due(std::uint64_t begun) const {
  const auto whole_bursts = static_cast<double>(begun / burst_bytes_ * burst_bytes_);
  return from_seconds(std::min(whole_bursts / bytes_a_second_, kFarAwaySeconds));
}

std::size_t Pace::blocks_due(std::uint64_t begun, Duration since_start, std::size_t most) const {
  if (since_start < due(begun)) return 0;
  const double behind = since_start.in_seconds() * bytes_a_second_ - static_cast<double>(begun);
  const auto left_of_burst = static_cast<double>(burst_bytes_ - begun % burst_bytes_);
  const double blocks = std::max(behind, left_of_burst) / static_cast<double>(block_bytes_);
  return static_cast<std::size_t>(std::min(blocks, static_cast<double>(most)));
}

}  // namespace rolecall::perf
