// SPDX-License-Identifier: BSD-3-Clause
// Bodies, and parts of them, that cases of several areas share: servers under test.
#pragma once

#include <cstdint>
#include <string_view>

#include "harness/conformance/case.h"

namespace rolecall::conformance {

// A whole test with these parameters.
ServerBody runs(Json changes);
// The answer to them is 0xfe, and the number of the error in its first integer.
ServerBody names_error(Json changes, std::uint32_t number);

// Goes on to the server's results, in which the first stream has so many bytes; `which` says of
// what they are.
Checked<void> expect_counted(ServerTest& test, std::int64_t bytes, std::string_view which);

}  // namespace rolecall::conformance
