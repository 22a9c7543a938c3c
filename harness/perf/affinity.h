// SPDX-License-Identifier: BSD-3-Clause
// -A: which core this process runs on. iperf_api.c iperf_setaffinity(), 3.22.
#pragma once

#include <sched.h>

#include "harness/base/result.h"

namespace rolecall::perf {

// Binds the calling thread, and those that it starts later, to core `n`.
Result<void> pin_to_core(int n);

// The cores that the calling thread may run on, and back to them.
Result<cpu_set_t> current_cores();
void restore_cores(const cpu_set_t& cores);

}  // namespace rolecall::perf
