// SPDX-License-Identifier: BSD-3-Clause
// How much processor time the whole process used between two moments, as iperf3's cpu_util_* say
// it.
#pragma once

#include "harness/base/time.h"
#include "harness/perf/report_model.h"

namespace rolecall::perf {

class CpuMeter {
 public:
  void start(TimePoint now);
  // Per cent of one core since start().
  CpuUse since_start(TimePoint now) const;

 private:
  TimePoint start_{};
  double user_s_ = 0;
  double system_s_ = 0;
};

}  // namespace rolecall::perf
