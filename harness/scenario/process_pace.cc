// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/process_pace.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

#include "harness/base/files.h"
#include "harness/net/process_stat.h"
#include "harness/scenario/process_family.h"

namespace rolecall::scenario {
namespace {

// From one step of a test to the next a program needs less than 1 ms of processor time.
constexpr Duration kTimeForAStep = milliseconds(50);

// How much of the time between two samples lies in `span`, from 0 to 1.
double share_inside(const ProcessPace::Sample& a, const ProcessPace::Sample& b,
                    const TimeSpan& span) {
  const Duration inside = std::min(b.at, span.to) - std::max(a.at, span.from);
  if (inside <= Duration{} || b.at <= a.at) return 0;
  return inside.in_seconds() / (b.at - a.at).in_seconds();
}

}  // namespace

void ProcessPace::look(pid_t pid, TimePoint at) {
  Sample sample{.at = at};
  bool is_there = false;
  for (const pid_t one : family_of(pid)) {
    const std::filesystem::path folder = fmt::format("/proc/{}", one);
    const auto stat = process_stat(folder);
    const auto schedule = read_file(folder / "schedstat");
    if (!stat || !schedule) continue;
    std::int64_t ran_ns = 0;
    std::int64_t starved_ns = 0;
    std::istringstream(schedule.value()) >> ran_ns >> starved_ns;
    sample.starved = sample.starved + nanoseconds(starved_ns);
    sample.is_stopped = sample.is_stopped || stat.value().is_stopped();
    is_there = true;
  }
  if (is_there) add(sample);
}

std::optional<std::string> ProcessPace::hindrance(const TimeSpan& span,
                                                  std::string_view who) const {
  Duration stopped;
  Duration starved;
  for (std::size_t i = 1; i < samples_.size(); ++i) {
    const Sample& a = samples_[i - 1];
    const Sample& b = samples_[i];
    const double share = share_inside(a, b, span);
    if (a.is_stopped) stopped = stopped + from_seconds(share * (b.at - a.at).in_seconds());
    starved = starved + from_seconds(share * (b.starved - a.starved).in_seconds());
  }
  const Duration whole = span.to - span.from;
  if (whole - stopped - starved >= kTimeForAStep) return std::nullopt;
  return fmt::format("{} was stopped for {} and got no processor for {} of {} ms", who,
                     stopped.in_ms(), starved.in_ms(), whole.in_ms());
}

}  // namespace rolecall::scenario
