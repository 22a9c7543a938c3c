// SPDX-License-Identifier: BSD-3-Clause
#include "shim/starvation.h"

#include <fcntl.h>

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

}  // namespace

Starvation starvation_so_far() {
  const auto tid = static_cast<std::uint32_t>(raw(__NR_gettid));
  const char* const path = "/proc/thread-self/schedstat";
  const long fd = raw(__NR_openat, AT_FDCWD, as_word(path), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {.tid = tid};
  char text[64];
  const long size = raw(__NR_read, fd, as_word(text), sizeof text);
  raw(__NR_close, fd);
  return {.tid = tid, .ns = size > 0 ? waiting_of(text, text + size) : 0};
}

std::uint64_t starved_since(const Starvation& earlier) {
  const Starvation now = starvation_so_far();
  return now.tid == earlier.tid && now.ns > earlier.ns ? now.ns - earlier.ns : 0;
}

}  // namespace rolecall::shim
