// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/affinity.h"

#include <fmt/format.h>

namespace rolecall::perf {

Result<void> pin_to_core(int n) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (n >= 0 && n < CPU_SETSIZE) CPU_SET(static_cast<unsigned>(n), &cores);
  if (::sched_setaffinity(0, sizeof cores, &cores) != 0) {
    return system_error(fmt::format("unable to set CPU affinity: sched_setaffinity({})", n));
  }
  return ok();
}

Result<cpu_set_t> current_cores() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (::sched_getaffinity(0, sizeof cores, &cores) != 0) return system_error("sched_getaffinity()");
  return cores;
}

void restore_cores(const cpu_set_t& cores) {
  (void)::sched_setaffinity(0, sizeof cores, &cores);
}

}  // namespace rolecall::perf
