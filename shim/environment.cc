// SPDX-License-Identifier: BSD-3-Clause
#include "shim/environment.h"

#include <unistd.h>

#include <cstddef>

namespace rolecall::shim {

const char* environment_value(const char* name) {
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    std::size_t at = 0;
    while (name[at] != '\0' && (*entry)[at] == name[at]) ++at;
    if (name[at] == '\0' && (*entry)[at] == '=') return *entry + at + 1;
  }
  return nullptr;
}

}  // namespace rolecall::shim
