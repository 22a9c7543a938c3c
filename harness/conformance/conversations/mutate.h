// SPDX-License-Identifier: BSD-3-Clause
// Changes to a conversation: of its steps, of the bytes of one, of a value in a JSON document.
#pragma once

#include <random>

#include "harness/conformance/conversations/conversation.h"

namespace rolecall::conformance {

using Random = std::mt19937_64;

// One to four changes. The same generator state gives the same ones on every machine. A document
// keeps a right length unless that is what is changed.
Conversation mutate(Conversation conversation, Random& random);

}  // namespace rolecall::conformance
