// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string_view>

namespace rolecall::conformance {

// SPEC.md, as it was when the program was built.
std::string_view spec_text();

}  // namespace rolecall::conformance
