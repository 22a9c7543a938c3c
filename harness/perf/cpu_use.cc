// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/cpu_use.h"

#include <sys/resource.h>

#include <algorithm>

namespace rolecall::perf {
namespace {

double in_seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
}

rusage usage() {
  rusage u{};
  ::getrusage(RUSAGE_SELF, &u);
  return u;
}

}  // namespace

void CpuMeter::start(TimePoint now) {
  const rusage u = usage();
  start_ = now;
  user_s_ = in_seconds(u.ru_utime);
  system_s_ = in_seconds(u.ru_stime);
}

CpuUse CpuMeter::since_start(TimePoint now) const {
  const rusage u = usage();
  const double elapsed = std::max((now - start_).in_seconds(), 1e-9);
  CpuUse use;
  use.user = (in_seconds(u.ru_utime) - user_s_) / elapsed * 100;
  use.system = (in_seconds(u.ru_stime) - system_s_) / elapsed * 100;
  use.total = use.user + use.system;
  return use;
}

}  // namespace rolecall::perf
