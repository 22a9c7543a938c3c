// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/silence.h"

#include <poll.h>

#include "harness/conformance/pauses.h"
#include "harness/net/process_stat.h"

namespace rolecall::conformance {
namespace {

bool has_something(const Fd& socket, Duration span) {
  pollfd entry{socket.get(), POLLIN, 0};
  return ::poll(&entry, 1, Deadline::after(span).poll_ms()) > 0;
}

}  // namespace

void await_rest(const TimeLine& line) {
  if (!line.program()) return;
  const Deadline deadline = Deadline::after(line.step_limit());
  for (const Pauses pauses; !is_at_rest(*line.program()) && !deadline.expired();) pauses.wait();
}

bool is_silent(const Fd& socket, Duration span, const TimeLine& line) {
  if (has_something(socket, span)) return false;
  await_rest(line);
  return !has_something(socket, {});
}

}  // namespace rolecall::conformance
