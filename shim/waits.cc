// SPDX-License-Identifier: BSD-3-Clause
#include "shim/waits.h"

#include <fcntl.h>
#include <sys/resource.h>

#include "shim/raw.h"

namespace rolecall::shim {
namespace {

// "running waiting slices", the first two in nanoseconds: the second number.
std::uint64_t waiting_of(const char* text, const char* end) {
  while (text != end && *text != ' ') ++text;
  std::uint64_t waiting = 0;
  for (++text; text < end && *text >= '0' && *text <= '9'; ++text)
    waiting = waiting * 10 + static_cast<std::uint64_t>(*text - '0');
  return waiting;
}

std::uint64_t starved_so_far() {
  const char* const path = "/proc/thread-self/schedstat";
  const long fd = raw(__NR_openat, AT_FDCWD, as_word(path), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  char text[64];
  const long size = raw(__NR_read, fd, as_word(text), sizeof text);
  raw(__NR_close, fd);
  return size > 0 ? waiting_of(text, text + size) : 0;
}

std::uint64_t sleeps_so_far() {
  rusage usage{};
  const long rc = raw(__NR_getrusage, RUSAGE_THREAD, as_word(&usage));
  return rc == 0 ? static_cast<std::uint64_t>(usage.ru_nvcsw) : 0;
}

}  // namespace

Waits waits_so_far() {
  return {.tid = static_cast<std::uint32_t>(raw(__NR_gettid)),
          .starved_ns = starved_so_far(),
          .sleeps = sleeps_so_far()};
}

Waits waits_since(const Waits& earlier) {
  const Waits now = waits_so_far();
  if (now.tid != earlier.tid || now.starved_ns < earlier.starved_ns) return {.tid = now.tid};
  return {.tid = now.tid,
          .starved_ns = now.starved_ns - earlier.starved_ns,
          .sleeps = now.sleeps - earlier.sleeps};
}

}  // namespace rolecall::shim
