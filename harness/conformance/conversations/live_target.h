// SPDX-License-Identifier: BSD-3-Clause
// A running program that conversations are had with, and what they did to it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "harness/conformance/case.h"
#include "harness/conformance/conversations/conversation.h"

namespace rolecall::conformance {

// What no conversation may do to a program.
struct Harm {
  enum class Kind {
    Crash,  // a signal, or a sanitizer's report
    End,    // a server ended by itself, a client in the middle of a plain test
    Hang,   // a server serves nobody any more; a client does not end
  };
  Kind kind = Kind::Crash;
  std::string what;
};
const char* name(Harm::Kind kind);  // "crash", "end", "hang"

struct Heard {
  std::string answers;  // how each await and take ended: two that differ took different ways
  std::optional<Harm> harm;
  std::optional<ExitStatus> ended;  // the program; absent: it still ran
  std::string time_line;
};

// One thread. Its end ends the program.
class LiveTarget {
 public:
  virtual ~LiveTarget() = default;
  // Has one conversation, then looks after the program. A harmed one is replaced before the next.
  // Fails only for our own part, or when the program cannot be started.
  virtual Checked<Heard> talk(const Conversation& conversation) = 0;
  // The same with a test in which everything is right.
  virtual Checked<Heard> plain_test() = 0;
  virtual void restart() = 0;              // the next conversation finds a fresh program
  virtual std::string output() const = 0;  // of the program that was talked to last
};

// `command` outlives the target; `folder` exists and takes what the program writes. What takes the
// program longer than `step_limit`, to come up, to serve on or to end, is a hang.
std::unique_ptr<LiveTarget> make_live_target(Side side, const Command& command,
                                             std::filesystem::path folder, Duration step_limit);

}  // namespace rolecall::conformance
