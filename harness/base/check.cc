// SPDX-License-Identifier: BSD-3-Clause
#include "harness/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace rolecall {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: CHECK failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace rolecall
