// SPDX-License-Identifier: BSD-3-Clause
// The next definition of each call that we take over (libc's, or a sanitizer's between), and of
// poll(): the target's calls and our waits go there, because those are cancellation points.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <atomic>
#include <cstdint>

namespace rolecall::shim {

// The place of a call in calls.def; poll() comes after the last.
enum class Call : std::uint32_t {
#define CALL(result, name, parameters, specifiers) name,
#include "shim/calls.def"
#undef CALL
  poll,
};

// Pointers are looked up once; two threads storing the same value is harmless. An empty one is
// looked up on each use, recorded as MissingSymbol, and the caller fails with ENOSYS.
class Next {
 public:
  // Looks every symbol up: a hit allocates nothing on glibc 2.36, a miss may, so it is done early.
  static void warm();

#define CALL(result, name, parameters, specifiers)                         \
  using name##_type = result(*) parameters;                                \
  /* NOLINTNEXTLINE(readability-identifier-naming): the call's own name */ \
  static name##_type name() {                                              \
    return reinterpret_cast<name##_type>(find(Call::name, #name));         \
  }
#include "shim/calls.def"
  CALL(int, poll, (struct pollfd * fds, nfds_t count, int timeout_ms), )
#undef CALL

 private:
  static void* find(Call call, const char* name);
  static std::atomic<void*> found_[static_cast<std::uint32_t>(Call::poll) + 1];
};

}  // namespace rolecall::shim
