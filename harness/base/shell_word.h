// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>

namespace rolecall {

// `word` as a POSIX shell reads it back: in single quotes where it has to be. Any thread.
std::string shell_word(std::string_view word);

}  // namespace rolecall
