// SPDX-License-Identifier: BSD-3-Clause
// Everything that a case sent and received, with its time: what a failure shows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/base/deadline.h"

namespace rolecall::conformance {

enum class Way { Sent, Received, Note };

// One thread.
class TimeLine {
 public:
  TimeLine() : begin_(now()) {}

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
  std::vector<Entry> entries_;
};

// `bytes` with everything but printable ASCII as \x09, cut after `most`.
std::string visible(std::string_view bytes, std::size_t most = 48);

}  // namespace rolecall::conformance
