// SPDX-License-Identifier: BSD-3-Clause
#include "harness/base/fd.h"

#include <unistd.h>

#include <cerrno>

#include "harness/base/check.h"

namespace rolecall {

void Fd::reset(int fd) {
  const int old = std::exchange(fd_, fd);
  if (old < 0) return;
  const int rc = ::close(old);
  CHECK(rc == 0 || errno != EBADF);
}

}  // namespace rolecall
