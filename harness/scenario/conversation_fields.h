// SPDX-License-Identifier: BSD-3-Clause
// What a scenario file says of its two ends, and what it may say beside a conversation.
#pragma once

#include <string_view>

#include "harness/base/result.h"
#include "harness/scenario/file_fields.h"
#include "harness/scenario/scenario_file.h"

namespace rolecall::scenario {

// The end at `key`, "server" or "client". REQUIRES: `root` has it.
Result<PeerSpec> read_peer_spec(const FileFields& fields, const JsonNode& root,
                                std::string_view key);

// The rest of a scenario one of whose ends, read already, is a conversation: the verdict that it is
// to come to; and that nothing stands there which needs two programs.
Result<void> read_beside_conversation(const FileFields& fields, const JsonNode& root,
                                      Scenario& into);

}  // namespace rolecall::scenario
