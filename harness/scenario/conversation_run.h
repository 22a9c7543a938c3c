// SPDX-License-Identifier: BSD-3-Clause
// A run of a scenario one of whose ends is a conversation: the other end's program is started, the
// steps are taken, and the program is looked after.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/result.h"
#include "harness/conformance/case.h"
#include "harness/conformance/conversations/live_target.h"
#include "harness/net/stop_token.h"
#include "harness/scenario/peer.h"
#include "harness/scenario/run_result.h"
#include "harness/scenario/scenario_file.h"

namespace rolecall::scenario {

// Which end is the program. REQUIRES: the scenario has a conversation.
conformance::Side side_under_test(const Scenario& scenario);

// The command that starts what `spec` names for a conversation, with placeholders. Config when the
// program is not here.
Result<conformance::Command> command_of(const PeerSpec& spec, conformance::Side side,
                                        const PeerSet& peers);
// The other way round: the peer that `command` starts as command_of() would, with its further
// arguments, else the command itself, which then works from any folder.
PeerSpec spec_of(const conformance::Command& command, conformance::Side side, const PeerSet& peers);

VerdictKind verdict_of(conformance::Harm::Kind harm);
// What a conversation has come to. Total.
Verdict judge(conformance::Side side, const conformance::Heard& heard);

// One run, or with `is_control` a plain test in place of the conversation, with evidence in
// run.evidence, an empty folder: what the program wrote, and both sides' bytes in time. Sets the
// verdict and how both ended. Config when the program cannot be started, or interruption(); it is
// looked for before and after, so that this may take its limits' time: seconds.
Result<void> have_conversation(const Scenario& scenario, const PeerSet& peers, bool is_control,
                               const StopToken* stop, RunResult& run);

}  // namespace rolecall::scenario
