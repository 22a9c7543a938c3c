// SPDX-License-Identifier: BSD-3-Clause
#include "harness/base/fd.h"

#include <fcntl.h>
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

void open_standard_descriptors() {
  int fd = -1;
  do {
    fd = ::open("/dev/null", O_RDWR);
  } while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0) ::close(fd);
}

}  // namespace rolecall
