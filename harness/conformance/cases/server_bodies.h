// SPDX-License-Identifier: BSD-3-Clause
// Bodies, and parts of them, that cases of several areas share: servers under test.
#pragma once

#include <cstdint>
#include <string_view>

#include "harness/base/deadline.h"
#include "harness/conformance/case.h"

namespace rolecall::conformance {

// A whole test with these parameters.
ServerBody runs(Json changes);
// The answer to them is 0xfe, and the number of the error in its first integer.
ServerBody names_error(Json changes, std::uint32_t number);

// That the server ends the connection, of whose peer nothing more comes, after the protocol's 10 s;
// `since` is before the silence began.
Checked<void> expect_dropped(Connection& connection, TimePoint since, std::string_view why);
// The 10 s at their least, with a wide margin, and at their most, with time to notice.
inline constexpr Duration kEarliestDrop = seconds(8);
inline constexpr Duration kLatestDrop = seconds(20);
// That so much time has passed since then, before which it was too early to give up.
Checked<void> expect_patience(TimePoint since, Duration least);

// Goes on to the server's results, in which the first stream has so many bytes; `which` says of
// what they are.
Checked<void> expect_counted(ServerTest& test, std::int64_t bytes, std::string_view which);

}  // namespace rolecall::conformance
