// SPDX-License-Identifier: BSD-3-Clause
// Conversations in which everything is right: where a fuzzer begins.
#pragma once

#include <vector>

#include "harness/conformance/case.h"
#include "harness/conformance/conversations/conversation.h"

namespace rolecall::conformance {

// Whole tests against a program on `side`: one stream, several, both directions, the role flag.
// What a client under test does is its user's choice: then they differ in the number of streams.
std::vector<Conversation> whole_conversations(Side side);

}  // namespace rolecall::conformance
