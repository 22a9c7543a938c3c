// SPDX-License-Identifier: BSD-3-Clause
// What happened, into the board's ring. Any thread, any signal handler; never waits.
#pragma once

#include <cstdint>

#include "shim/abi.h"

namespace rolecall::shim {

struct Happening {
  Kind kind{};
  std::uint32_t port = 0;
  std::uint32_t number = kNoNumber;
  std::uint32_t position = 0;
  std::int32_t error = 0;
  std::uint32_t awaited = kNoNumber;
  std::uint64_t starved_ns = 0;
  std::uint64_t sleeps = 0;
};

// Adds a record with time, process and thread. Without a board it does nothing; a full ring counts
// what it could not take.
void record(const Happening& happening);

// CLOCK_MONOTONIC in nanoseconds.
std::uint64_t now_ns();

}  // namespace rolecall::shim
