// SPDX-License-Identifier: BSD-3-Clause
#include "harness/net/stop_token.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace rolecall {

Result<StopToken> StopToken::create() {
  Fd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!fd.is_open()) return system_error("eventfd()");
  return StopToken(std::move(fd));
}

void StopToken::raise() const {
  const int saved = errno;
  const std::uint64_t one = 1;
  // It fails only when the counter is full, and then the token is raised already.
  [[maybe_unused]] const ssize_t written = ::write(fd_.get(), &one, sizeof one);
  errno = saved;
}

bool StopToken::is_raised() const {
  pollfd p{fd_.get(), POLLIN, 0};
  return ::poll(&p, 1, 0) > 0;
}

Error interruption() {
  return Error{Errc::System, "stopped on request", EINTR};
}

bool is_interruption(const Error& error) {
  return error.code == Errc::System && error.sys_errno == EINTR;
}

}  // namespace rolecall
