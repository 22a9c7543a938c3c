// SPDX-License-Identifier: BSD-3-Clause
// The names of what can be said of a run.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace rolecall::scenario {

enum class VerdictKind {
  Completed,        // every stream delivered, and both ends print the same right figures
  Deadlock,         // the certificate, on every stream connection
  PartialDeadlock,  // the certificate on some connections while the rest flow
  Void,           // ended by itself, "successfully", though mispaired connections delivered nothing
  Misattributed,  // figures are reported for another stream than the one they belong to
  WrongFigures,   // paired rightly, but the figures break the rule of Completed
  Refused,        // a peer ended the test with an error of its own
  Crashed,        // a peer died by a signal or a sanitizer
  Stuck,          // none of the above within the limit; never called a deadlock
  Inconclusive,   // nobody can tell: a hold reached its limit, or a peer got no processor
};

inline constexpr std::array kAllVerdicts = {
    VerdictKind::Completed,    VerdictKind::Deadlock,      VerdictKind::PartialDeadlock,
    VerdictKind::Void,         VerdictKind::Misattributed, VerdictKind::WrongFigures,
    VerdictKind::Refused,      VerdictKind::Crashed,       VerdictKind::Stuck,
    VerdictKind::Inconclusive,
};

// Any of them, as a scenario file writes it.
inline constexpr const char* kAnythingName = "anything";

// Those that a conversation with a program can come to. It is over by then, so whoever is stuck is
// the program.
inline constexpr std::array kVerdictsOfConversations = {
    VerdictKind::Completed,  // the program serves on, or has ended with success
    VerdictKind::Refused,    // it ended by itself: a server that was to serve on, a client with an
                             // error
    VerdictKind::Crashed,
    VerdictKind::Stuck,  // it keeps the test, serves nobody any more, or does not end
};

// As printed, and as scenario files write it: "partial deadlock".
const char* name(VerdictKind kind);
std::optional<VerdictKind> verdict_named(std::string_view name);

}  // namespace rolecall::scenario
