// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/process_family.h"

#include <cstddef>
#include <sstream>

#include <fmt/format.h>

#include "harness/base/files.h"

namespace rolecall::scenario {

std::vector<pid_t> family_of(pid_t pid) {
  std::vector<pid_t> family = {pid};
  for (std::size_t i = 0; i < family.size(); ++i) {
    const auto children = read_file(fmt::format("/proc/{0}/task/{0}/children", family[i]));
    if (!children) continue;
    std::istringstream words(children.value());
    for (pid_t child = 0; words >> child;) family.push_back(child);
  }
  return family;
}

}  // namespace rolecall::scenario
