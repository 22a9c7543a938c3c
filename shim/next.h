// SPDX-License-Identifier: BSD-3-Clause
// The next definition of each call that we take over (libc's, or a sanitizer's between), and of
// poll() and ppoll(): the target's calls and our waits go there, because those are cancellation
// points. Each library has a list of its own, named by SHIM_CALLS (CMakeLists.txt).
#pragma once

#include <poll.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

#include <cstdint>

namespace rolecall::shim {

// The place of a call in the list; those of our waits come after the last.
enum class Call : std::uint32_t {
#define CALL(result, name, parameters, specifiers) name,
#include SHIM_CALLS
  CALL(, poll, , ) CALL(, ppoll, , )
#undef CALL
};

// libc lacks this call. Each library says for itself what becomes of that.
void missing_symbol(Call call);

// Pointers are looked up once; two threads storing the same value is harmless. An empty one is
// looked up on each use, reported to missing_symbol(), and the caller fails with ENOSYS.
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
#include SHIM_CALLS
  CALL(int, poll, (struct pollfd * fds, nfds_t count, int timeout_ms), )
  CALL(int, ppoll,
       (struct pollfd * fds, nfds_t count, const struct timespec* timeout, const sigset_t* mask), )
#undef CALL

 private:
  static void* find(Call call, const char* name);
};

}  // namespace rolecall::shim
