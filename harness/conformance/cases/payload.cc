// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/cases/payload.h"

#include <set>
#include <string_view>

#include <fmt/format.h>

#include "harness/conformance/time_line.h"

namespace rolecall::conformance {

// Of 1,000 random bytes 251 values are to be expected, give or take 2; that eight in a row come
// again happens once in 10^13 times.
Checked<void> expect_incompressible(const std::string& block) {
  constexpr std::size_t kFewestValues = 200;
  constexpr std::size_t kSequence = 8;
  const std::set<char> values(block.begin(), block.end());
  TRY(require(values.size() >= kFewestValues,
              fmt::format("a block of {} different values or more", kFewestValues),
              fmt::format("{} of them: {}", values.size(), visible(block))));
  std::set<std::string_view> seen;
  for (std::size_t at = 0; at + kSequence <= block.size(); ++at) {
    const auto sequence = std::string_view(block).substr(at, kSequence);
    TRY(require(seen.insert(sequence).second, "a block in which no eight bytes come again",
                visible(sequence)));
  }
  return ok();
}

}  // namespace rolecall::conformance
