// SPDX-License-Identifier: BSD-3-Clause
// Help for a word that is not known: which known one may have been meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rolecall::scenario {

// "did you mean "repeat"?" when one of `known` is near, else "known are ...".
std::string suggest(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace rolecall::scenario
