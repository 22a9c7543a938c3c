// SPDX-License-Identifier: BSD-3-Clause
// Changes conversations until one harms a running program, and makes that one small.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "harness/conformance/conversations/live_target.h"
#include "harness/net/stop_token.h"

namespace rolecall::conformance {

struct FuzzLimits {
  std::uint64_t seed = 1;
  std::size_t conversations = 1000;
  Duration time = seconds(60);  // looked at between two conversations
  std::size_t findings = 10;    // it stops there
  const StopToken* stop = nullptr;
};

struct Finding {
  Harm harm;
  Conversation conversation;  // as small as it could be made
  bool is_repeatable = true;  // seen again with a fresh program; else this is all that came before
  std::string time_line;
  std::string output;  // of the program
};

struct FuzzOutcome {
  std::size_t conversations = 0;
  std::size_t ways = 0;  // how many different courses the answers took
  std::vector<Finding> findings;
  Duration took = {};
};

// Talks to `target`, beginning with `seeds`; those that the program answers in a new way are
// changed further. `told` hears of each conversation. The same seed gives the same conversations as
// long as the program answers alike. Fails when a seed by itself does harm, or for our own part.
Checked<FuzzOutcome> fuzz(LiveTarget& target, std::vector<Conversation> seeds,
                          const FuzzLimits& limits,
                          const std::function<void(const FuzzOutcome&)>& told);

}  // namespace rolecall::conformance
