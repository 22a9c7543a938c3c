// SPDX-License-Identifier: BSD-3-Clause
// What the parts of a case share: everything that it sent and received, with its time, which is
// what a failure shows; how long each of its steps may take; and which program it is about.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/deadline.h"

namespace rolecall::conformance {

// What a step may take before it counts as a hang, where the user says nothing else.
inline constexpr Duration kStepLimit = seconds(5);

enum class Way { Sent, Received, Note };

// One thread.
class TimeLine {
 public:
  explicit TimeLine(Duration step_limit = kStepLimit) : begin_(now()), step_limit_(step_limit) {}

  Duration step_limit() const { return step_limit_; }
  // Absent until one was started, and for one that somebody else started.
  std::optional<pid_t> program() const { return program_; }
  void set_program(pid_t pid) { program_ = pid; }

  // Bytes are kept up to a few dozen, with how many there were.
  void add(std::string_view connection, Way way, std::string_view bytes);
  void note(std::string_view connection, std::string_view text);
  // One line an entry: "  0.4 ms  control  <-  1 byte \x09".
  std::string text() const;

 private:
  struct Entry {
    Duration at;
    std::string connection;
    Way way;
    std::string text;
    std::size_t bytes = 0;
    std::size_t times = 1;  // of payload that goes on, one entry is kept
  };
  TimePoint begin_;
  Duration step_limit_;
  std::optional<pid_t> program_;
  std::vector<Entry> entries_;
};

// `bytes` with everything but printable ASCII as \x09, cut after `most`.
std::string visible(std::string_view bytes, std::size_t most = 48);

}  // namespace rolecall::conformance
