// SPDX-License-Identifier: BSD-3-Clause
// CHECK: what only a bug of ours can break. Never reachable from bytes off the wire.
#pragma once

namespace rolecall {

// Prints `condition` and its place on stderr, then aborts.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace rolecall

#define CHECK(condition) \
  ((condition) ? void(0) : ::rolecall::check_failed(#condition, __FILE__, __LINE__))
