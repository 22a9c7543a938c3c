// SPDX-License-Identifier: BSD-3-Clause
#include "shim/order_limit.h"

#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>

#include "shim/environment.h"
#include "shim/raw.h"

namespace rolecall::order {
namespace {

constexpr long kDefaultMs = 10'000;
constexpr long kLongestMs = 3'600'000;
constinit std::atomic<long> the_limit_ms{0};

// Not where standard error was closed and its number is a connection by now.
template <std::size_t Size>
void say(const char (&text)[Size]) {
  int type = 0;
  socklen_t length = sizeof type;
  const long rc = shim::raw(__NR_getsockopt, STDERR_FILENO, SOL_SOCKET, SO_TYPE,
                            shim::as_word(&type), shim::as_word(&length));
  if (rc != 0) shim::raw(__NR_write, STDERR_FILENO, shim::as_word(text), Size - 1);
}

// 0 for what is no number of milliseconds from 1 to an hour.
long parse_ms(const char* text) {
  long value = 0;
  for (; *text >= '0' && *text <= '9' && value <= kLongestMs; ++text) {
    value = value * 10 + (*text - '0');
  }
  return *text == '\0' && value <= kLongestMs ? value : 0;
}

}  // namespace

long limit_ms() {
  const long known = the_limit_ms.load(std::memory_order_relaxed);
  if (known != 0) return known;
  const char* const text = shim::environment_value(kLimitVariable);
  long limit = text == nullptr ? kDefaultMs : parse_ms(text);
  if (limit == 0) {
    say("librolecall_order: ROLECALL_ORDER_TIMEOUT_MS is no number of milliseconds from 1 to "
        "3600000; waiting up to 10000\n");
    limit = kDefaultMs;
  }
  the_limit_ms.store(limit, std::memory_order_relaxed);
  return limit;
}

void say_limit_reached() {
  say("librolecall_order: the server did not acknowledge the cookie of the stream before within "
      "the "
      "limit: this connect() fails rather than go on unordered (ROLECALL_ORDER_TIMEOUT_MS sets the "
      "limit)\n");
}

}  // namespace rolecall::order
