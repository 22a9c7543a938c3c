// SPDX-License-Identifier: BSD-3-Clause
// -b: when the next blocks of a stream are due, and how many. iperf3's rule, iperf_api.c
// iperf_check_throttle(), 3.22: bits sent over the time since the start stay below the rate, looked
// at behind each burst.
#pragma once

#include <cstddef>
#include <cstdint>

#include "harness/base/time.h"
#include "harness/perf/load.h"

namespace rolecall::perf {

// All of it goes by `begun`, the bytes of the blocks that were begun so far: a block that the
// kernel has cut short counts whole, for its rest goes out in any case.
class Pace {
 public:
  explicit Pace(const Load& load);  // which has a rate

  // The time since the start before which no further block may be begun.
  Duration due(std::uint64_t begun) const;
  // How many may be begun by then: 0 before they are due, else those that the rate is behind by,
  // but what is left of a burst at least; `most` at most.
  std::size_t blocks_due(std::uint64_t begun, Duration since_start, std::size_t most) const;

 private:
  double bytes_a_second_;
  std::uint64_t block_bytes_;
  std::uint64_t burst_bytes_;
};

}  // namespace rolecall::perf
