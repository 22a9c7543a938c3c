// SPDX-License-Identifier: BSD-3-Clause
// Points in time and spans, as plain numbers. No clock is read here, so wire/ and session/ may use
// it.
#pragma once

#include <compare>
#include <cstdint>

namespace rolecall {

struct Duration {
  std::int64_t ns = 0;
  constexpr auto operator<=>(const Duration&) const = default;
  constexpr double in_seconds() const { return static_cast<double>(ns) / 1e9; }
  constexpr std::int64_t in_ms() const { return ns / 1'000'000; }
};

constexpr Duration nanoseconds(std::int64_t n) {
  return Duration{n};
}
constexpr Duration microseconds(std::int64_t n) {
  return Duration{n * 1'000};
}
constexpr Duration milliseconds(std::int64_t n) {
  return Duration{n * 1'000'000};
}
constexpr Duration seconds(std::int64_t n) {
  return Duration{n * 1'000'000'000};
}
constexpr Duration from_seconds(double s) {
  return Duration{static_cast<std::int64_t>(s * 1e9)};
}

// On the monotonic clock when it comes from base/deadline.h; on a virtual one in tests and models.
struct TimePoint {
  std::int64_t ns = 0;
  constexpr auto operator<=>(const TimePoint&) const = default;
};

constexpr TimePoint operator+(TimePoint t, Duration d) {
  return TimePoint{t.ns + d.ns};
}
constexpr Duration operator-(TimePoint a, TimePoint b) {
  return Duration{a.ns - b.ns};
}
constexpr Duration operator+(Duration a, Duration b) {
  return Duration{a.ns + b.ns};
}
constexpr Duration operator-(Duration a, Duration b) {
  return Duration{a.ns - b.ns};
}

}  // namespace rolecall
