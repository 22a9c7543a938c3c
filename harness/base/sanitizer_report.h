// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace rolecall {

// Whether a sanitizer of gcc or clang complains in what a program wrote.
inline bool has_sanitizer_report(std::string_view text) {
  constexpr std::array<std::string_view, 5> kMarks = {"AddressSanitizer", "ThreadSanitizer",
                                                      "LeakSanitizer", "MemorySanitizer",
                                                      ": runtime error: "};
  return std::ranges::any_of(kMarks, [&](auto mark) { return text.find(mark) != text.npos; });
}

}  // namespace rolecall
