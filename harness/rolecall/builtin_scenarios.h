// SPDX-License-Identifier: BSD-3-Clause
// The files of scenarios/ that `reproduce` runs, compiled in: one notation, and no file to find.
#pragma once

#include <string_view>
#include <vector>

namespace rolecall::cli {

struct BuiltinScenario {
  std::string_view path;  // from the root of the source tree
  std::string_view text;
};

// In the order of CMakeLists.txt, which is the order of the rows.
std::vector<BuiltinScenario> builtin_scenarios();

}  // namespace rolecall::cli
