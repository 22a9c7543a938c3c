// SPDX-License-Identifier: BSD-3-Clause
// The figure of the control states in SPEC.md, drawn from the table that both sessions run on.
#pragma once

#include <string>

namespace rolecall::conformance {

// One line for each step of session/transitions.h, in a fenced block.
std::string state_figure();

}  // namespace rolecall::conformance
